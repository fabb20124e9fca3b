"""Clients of Azure Batch as their users install them: each in a folder of its own, which is kept for the next run.

What is asked for stands in `requirements/`, and all that comes with it in `locks/`, pinned by hashes and without the
address of any index. `python tests/local/clients/installed.py` writes the locks for Python anew, by uv.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KEPT = HERE.parents[2] / "build" / "clients"
PATIENCE = 570
"""Seconds for one installation."""


def python_with(client: str) -> Path:
    """Return the Python of an environment with a client, or skip the test with the reason why there is none."""
    lock = HERE / "locks" / f"{client}.txt"
    folder = _folder(client, lock)
    python = folder / "bin" / "python"
    if not _is_complete(folder):
        install([sys.executable, "-m", "venv", "--clear", folder], KEPT)
        install([python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock], KEPT)
        _complete(folder)
    return python


def node_folder_with(client: str) -> Path:
    """Return a folder in which Node.js finds a client, or skip the test with the reason why there is none."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    return _folder_with(
        client, "package-lock.json", npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"
    )


def java_path_with(client: str) -> str:
    """Return the class path of a client for Java, or skip the test with the reason why there is none."""
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("Maven is not installed")
    folder = _folder_with(
        client, "pom.xml", maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"
    )
    return f"{folder / 'jars'}/*"


def _folder_with(client: str, lock: str, *command: str) -> Path:
    """Return the folder of a client, which the command makes of its pins where it is not whole."""
    pins = HERE / "locks" / client
    folder = _folder(client, pins / lock)
    if not _is_complete(folder):
        shutil.copytree(pins, folder, dirs_exist_ok=True)
        install(command, folder)
        _complete(folder)
    return folder


def install(command: Sequence[str | Path], folder: Path) -> None:
    """Run an installer in a folder, or skip the test with its reason."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as exc:
        pytest.skip(f"the client cannot be installed: {(exc.stderr or exc.stdout).strip().splitlines()[-1:]}")
    except (FileNotFoundError, subprocess.TimeoutExpired) as exc:
        pytest.skip(f"the client cannot be installed: {exc}")


def _folder(client: str, *pins: Path) -> Path:
    """Return the folder of a client, which is another one for other pins or another Python."""
    digest = hashlib.sha256(sys.version.encode())
    for pin in pins:
        digest.update(pin.read_bytes())
    return KEPT / f"{client}-{digest.hexdigest()[:12]}"


def _is_complete(folder: Path) -> bool:
    return (folder / ".installed").exists()


def _complete(folder: Path) -> None:
    """Mark a folder as whole: an installation that was cut short is begun again."""
    (folder / ".installed").touch()


def write_locks() -> None:
    for requirements in sorted((HERE / "requirements").glob("*.in")):
        lock = HERE / "locks" / f"{requirements.stem}.txt"
        options = ("--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate")
        words: list[str | Path] = [
            "uv",
            "pip",
            "compile",
            *options,
            "--python-version",
            "3.11",
            requirements,
            "-o",
            lock,
        ]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    write_locks()
