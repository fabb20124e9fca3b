"""The git commit of a folder."""

import subprocess
from pathlib import Path

from shoal.manifest.manifest import Commit

SECONDS = 10


def commit_of(folder: Path) -> Commit | None:
    """Return None outside of a repository, without git, and where git takes too long."""
    commit = _git(folder, "rev-parse", "HEAD")
    # Files that git does not know, such as results, are no changes.
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return Commit(id=commit, clean=not changes) if commit and changes is not None else None


def _git(folder: Path, *words: str) -> str | None:
    # A repository may name a program that git runs to watch files; it is not needed here.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), "--no-optional-locks", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
