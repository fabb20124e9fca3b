"""Shoal installed from its wheel, in the arrangements that people have."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.services import REPOSITORY

SOURCES = (
    *("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "Pulumi.yaml", "__main__.py"),
    *("package.json", "package-lock.json", ".npmrc", "shoal", "components", "policy", "task_templates", "examples"),
)
"""The files that a wheel is built from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    environment: Path
    """The virtual environment."""

    @property
    def package(self) -> Path:
        (package,) = self.environment.glob("lib/python*/site-packages/shoal")
        return package

    def run(self, directory: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands in a directory, for somebody with a home of their own there."""
        homes = {"XDG_CACHE_HOME": str(directory / "cache"), "SHOAL_STATE": str(directory / "state")}
        return subprocess.run(
            [str(self.environment / "bin" / command[0]), *command[1:]],
            cwd=directory,
            env={**os.environ, **homes, "SHOAL_ENGINE": "embedded", **variables},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=200,
        )

    def must(self, directory: Path, *command: str, **variables: str) -> str:
        """Return what a command prints that has to succeed."""
        done = self.run(directory, *command, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def build(target: Path) -> None:
    """Build a wheel and an sdist from a copy, because a build may leave things beside what it builds."""
    sources = target / "sources"
    sources.mkdir(parents=True)
    for name in SOURCES:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, sources / name)
    script = f"from hatchling import build; build.build_wheel({str(target)!r}); build.build_sdist({str(target)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=sources, check=True, capture_output=True)


def install(wheel: Path, environment: Path, *, without: Collection[str] = ()) -> Installation:
    """Install a wheel by pip into a new environment, where all else but `without` is what is installed here."""
    venv.create(environment, symlinks=True, with_pip=False)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(f"{_others(environment / 'others', without)}\n")
    for name in ("pytest", "mypy"):
        script = environment / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m {name} "$@"\n')
        script.chmod(0o755)
    return Installation(environment=environment)


def _others(shelf: Path, without: Collection[str]) -> Path:
    """A directory with links to everything that is installed here, except Shoal itself and what is left out."""
    shelf.mkdir()
    sites = dict.fromkeys(Path(path) for path in sys.path if path.endswith("-packages"))
    for entry in (entry for site in sites for entry in site.iterdir()):
        if not entry.name.startswith(("shoal-", "_shoal", *without)) and not (shelf / entry.name).exists():
            (shelf / entry.name).symlink_to(entry)
    return shelf
