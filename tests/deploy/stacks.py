"""Stacks of the repository's own program, in copies of it, with accounts of their own."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from shoal.deploy.embedded.embedded_engine import EmbeddedEngine
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.stack_outputs import environment_of
from shoal.environment import Environment
from shoal.projects.project import read_stack
from tests.deploy.projects import Project
from tests.services import REPOSITORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack of the repository's program in a copy of it, with accounts of its own."""

    name: str
    project: Project

    @property
    def file(self) -> Path:
        return self.project.directory / f"Pulumi.{self.name}.yaml"

    @property
    def app(self) -> Path:
        return self.project.directory / "examples" / "var" / "app"

    def configure(self, **changes: str) -> None:
        """Replace text in the stack's file, each exactly where it stands."""
        text = self.file.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        self.file.write_text(text)

    def up(self) -> str:
        done = self.project.shoal("up", "-y", "-s", self.name)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def take_down(self) -> None:
        """Delete what the stack has by the engine itself: a command would start for a stack that has nothing, too."""
        engine = EmbeddedEngine(service=self.project.service)
        if load_record(self.project.service.arm, self.project.name, self.name) is not None:
            engine.destroy(read_stack(self.name, self.project.directory), on_step=lambda _: None)

    def environment(self, monkeypatch: pytest.MonkeyPatch) -> Environment:
        monkeypatch.setenv("SHOAL_STATE", self.project.status.state_dir)
        return environment_of(self.name, project_dir=self.project.directory)


def copied_stack(project: Project, name: str) -> Stack:
    """Write a stack with one package of one small file, otherwise as `Pulumi.local.yaml` has it."""
    for file in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / file, project.directory)
    stack = Stack(name=name, project=project)
    stack.app.mkdir(parents=True, exist_ok=True)
    (stack.app / "simulate.py").write_text("print('first')\n")
    text = (REPOSITORY / "Pulumi.local.yaml").read_text()
    stack.file.write_text(re.sub(r"shoallocal(store)?|shoal-local", name.replace("-", ""), text))
    return stack
