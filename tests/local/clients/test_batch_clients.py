"""Clients of earlier versions and of other languages, as their users install them, from a pool's start to its end."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.local.clients.installed import java_path_with, node_folder_with, python_with
from tests.services import running_service

pytestmark = pytest.mark.soak

HERE = Path(__file__).parent
PATIENCE = 300
"""Seconds for a story."""
REFLECTED = ("lang", "math", "time", "util", "util.concurrent")
"""Packages of Java that the client looks into, which a Java of today opens only if it is told to."""


def run_story(program: Sequence[str | Path], state: Path, *, folder: Path | None = None, at_root: bool = False) -> None:
    """Run a program against a service of its own, at the account's endpoint or at the root, which serves it as well."""
    with running_service(state) as status:
        endpoint = status.arm_endpoint if at_root else status.batch_endpoint
        run([*program, endpoint, status.account, status.key], folder)


def run(words: Sequence[str | Path], folder: Path | None = None, variables: Mapping[str, str] | None = None) -> None:
    environment = {**os.environ, **(variables or {})}
    ended = subprocess.run(
        words, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("client", ["azure-batch-14", "azure-batch-11"])
def test_an_earlier_client_for_python_runs_a_job_to_its_end(tmp_path: Path, client: str) -> None:
    run_story([python_with(client), HERE / "azure_batch_story.py"], tmp_path)


def test_the_asynchronous_client_for_python_runs_a_job_to_its_end(tmp_path: Path) -> None:
    run_story([python_with("azure-batch-15-aio"), HERE / "azure_batch_aio_story.py"], tmp_path)


def test_the_client_for_node_js_runs_a_job_to_its_end(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    # This client loses the name of what it asks for where its endpoint has a path.
    folder = node_folder_with("azure-batch-js")
    run_story([node, HERE / "azure_batch_story.cjs"], tmp_path, folder=folder, at_root=True)


def test_the_client_for_java_runs_a_job_to_its_end(tmp_path: Path) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Java is not installed")
    opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in REFLECTED]
    classes = java_path_with("azure-batch-java")
    run_story([java, *opened, "-cp", classes, HERE / "AzureBatchStory.java"], tmp_path)


def test_the_calls_of_the_quickstart_for_python_run_to_their_end(tmp_path: Path) -> None:
    program = [python_with("batch-python-quickstart"), HERE / "python_quickstart_story.py"]
    with running_service(tmp_path) as status:
        run([*program, status.batch_endpoint, status.account, status.key, status.storage_connection_string])


def test_the_calls_of_azure_custom_tasks_run_to_their_end_with_blobs_over_https(tmp_path: Path) -> None:
    program = [python_with("act"), HERE / "act_story.py"]
    with running_service(tmp_path, https=True) as status:
        where = [status.batch_endpoint, status.account, status.key, status.storage_connection_string]
        run([*program, *where], variables=status.client_variables)
