"""Clients of earlier versions and of another language, as their users install them, from a pool's start to its end."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.services import running_service

pytestmark = pytest.mark.soak

HERE = Path(__file__).parent
PATIENCE = 300
"""Seconds for an installation, or for a story."""


def install(command: Sequence[str | Path], folder: Path) -> None:
    """Run an installer, or skip the test with its reason."""
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as exc:
        pytest.skip(f"the client cannot be installed: {exc.stderr.strip().splitlines()[-1:]}")
    except (FileNotFoundError, subprocess.TimeoutExpired) as exc:
        pytest.skip(f"the client cannot be installed: {exc}")


def run_story(program: Sequence[str | Path], folder: Path, *, at_root: bool = False) -> None:
    """Run a program against a service of its own, at the account's endpoint or at the root, which serves it as well."""
    with running_service(folder / "state") as status:
        endpoint = status.arm_endpoint if at_root else status.batch_endpoint
        arguments = [endpoint, status.account, status.key]
        ended = subprocess.run(
            [*program, *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE
        )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("version", ["14.2.0", "11.0.0"])
def test_an_earlier_client_for_python_runs_a_job_to_its_end(tmp_path: Path, version: str) -> None:
    install([sys.executable, "-m", "venv", "venv"], tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    # The earlier versions import parts of setuptools without asking for them.
    install([python, "-m", "pip", "install", "--quiet", f"azure-batch=={version}", "setuptools<81"], tmp_path)
    run_story([python, HERE / "azure_batch_story.py"], tmp_path)


def test_the_client_for_node_js_runs_a_job_to_its_end(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm is not installed")
    install([npm, "install", "--silent", "--no-audit", "--no-fund", "@azure/batch@10.2.0"], tmp_path)
    # This client loses the name of what it asks for where its endpoint has a path.
    run_story([node, HERE / "azure_batch_story.cjs"], tmp_path, at_root=True)
