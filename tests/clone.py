"""A copy of the repository, to run commands in as a person would."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINKED = (".venv", "node_modules")
"""What `make setup` installs; it is the repository's own."""
LEFT_OUT = {*LINKED, ".git", ".shoal", "results", "__pycache__"}


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
    """Files keep their times, by which make sees that the set-up is up to date."""
    path = directory / "clone"
    shutil.copytree(ROOT, path, ignore=_left_out)
    for name in LINKED:
        (path / name).symlink_to((ROOT / name).resolve())
    return Clone(path=path, state=directory / "state")


def _left_out(_folder: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in LEFT_OUT or name.endswith("_cache")]
