"""A copy of the repository, to run commands in as a person would."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = (".venv", "node_modules")
STAMP = ".installed"
LEFT_OUT = {*INSTALLED, ".git", ".shoal", "results", "__pycache__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    path: Path
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SHOAL_STATE": str(self.state)}

    def run(self, *command: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def shoal(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return self.run(".venv/bin/shoal", *arguments, timeout=timeout)


def clone(directory: Path) -> Clone:
    """It is set up with what the repository has installed.

    That is linked piece by piece, and make finds the set-up done, whatever the files' times: an `npm ci` through a link
    to the whole of node_modules would empty it for everyone.
    """
    path = directory / "clone"
    shutil.copytree(ROOT, path, ignore=_left_out)
    for name in INSTALLED:
        (path / name).mkdir()
        for part in (ROOT / name).iterdir():
            if part.name != STAMP:
                (path / name / part.name).symlink_to(part)
        (path / name / STAMP).touch()
    return Clone(path=path, state=directory / "state")


def _left_out(_folder: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in LEFT_OUT or name.endswith("_cache")]
