"""Snakemake with its two plugins for Azure: its jobs are tasks of Batch, in containers, and its files are blobs."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from azure.batch import models

from shoal import container_engine
from shoal.service_status import Status
from tests.local.clients.installed import python_with
from tests.services import running_service

pytestmark = pytest.mark.soak

IMAGE = "localhost/shoal-snakemake:1"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shoal/providers/Microsoft.ManagedIdentity"
    "/userAssignedIdentities/snakemake"
)
"""The executor wants one for the nodes as soon as files are blobs."""
PROGRAMS = ("bin", "lib", "lib64")
WORKFLOW = """
rule total:
    input: "one.txt", "two.txt"
    output: "total.txt"
    shell: "cat {input} > {output}"

rule number:
    output: "{name}.txt"
    shell: "echo {wildcards.name} > {output}"

rule fail:
    output: "never.done"
    shell: "exit 3"
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Status]:
    """A service whose podman shows each container this machine's programs, Snakemake's environment among them."""
    engine = container_engine.engine()
    if engine is None or Path(engine).name != "podman":
        pytest.skip("podman is needed, as its settings can mount this machine's Python into each container")
    state, python = tmp_path / "state", python_with("snakemake")
    seen = {"/usr", "/etc/ld.so.cache", sys.base_prefix, str(python.parents[1]), str(state), *folders_of_programs()}
    volumes = [f"{path}:{path}:ro" for path in sorted(seen) if Path(path).exists() or path == str(state)]
    limits = ["nofile=1024:1024", "nproc=1024:1024"]
    settings = tmp_path / "containers.conf"
    settings.write_text(f"[containers]\nvolumes = {json.dumps(volumes)}\ndefault_ulimits = {json.dumps(limits)}\n")
    monkeypatch.setenv("CONTAINERS_CONF", str(settings))
    make_image(tmp_path / "image.tar", path=f"/image:{python.parent}:/usr/bin:/bin")
    with running_service(state, https=True) as status:
        yield status
    subprocess.run([engine, "rmi", "--force", IMAGE], check=False, capture_output=True)


def folders_of_programs() -> list[str]:
    """Return those that are no links into `/usr`."""
    return [f"/{name}" for name in PROGRAMS if not Path("/", name).is_symlink()]


def make_image(archive: Path, *, path: str) -> None:
    """Make an image with little more than links into `/usr`."""
    with tarfile.open(archive, "w") as tar:
        add_file(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", mode=0o644)
        # Each task has pip install the storage plugin, which is there already.
        add_file(tar, "image/pip", "#!/bin/sh\n", mode=0o755)
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(temporary)
        for name in PROGRAMS:
            if (place := Path("/", name)).is_symlink():
                tar.add(place, name)
    engine = container_engine.engine()
    assert engine is not None
    subprocess.run([engine, "import", "--change", f"ENV PATH={path}", archive, IMAGE], check=True, capture_output=True)


def add_file(tar: tarfile.TarFile, name: str, text: str, *, mode: int) -> None:
    file = tarfile.TarInfo(name)
    file.size, file.mode = len(text), mode
    tar.addfile(file, io.BytesIO(text.encode()))


def run_snakemake(service: Status, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake on the workflow, as its user does: its two plugins are told the account, and find tokens."""
    (folder / "Snakefile").write_text(WORKFLOW)
    options = {
        "--executor": "azure-batch",
        "--jobs": "2",
        "--container-image": IMAGE,
        "--azure-batch-account-url": service.arm_endpoint.replace("127.0.0.1", f"{service.account}.localhost"),
        "--azure-batch-resource-group-name": "shoal",
        "--azure-batch-subscription-id": SUBSCRIPTION,
        "--azure-batch-managed-identity-resource-id": IDENTITY,
        "--default-storage-provider": "azure",
        "--default-storage-prefix": "az://results",
        "--storage-azure-account-name": service.storage_account,
        "--envvars": "AZURITE_CONNECTION_STRING",
        "--seconds-between-status-checks": "1",
    }
    program = [str(python_with("snakemake")), str(Path(__file__).with_name("snakemake_program.py"))]
    environment = {
        **os.environ,
        **service.client_variables,
        "AZURITE_CONNECTION_STRING": service.storage_connection_string,
        # The executor prefers the login of `az`, of which there is none here.
        "AZURE_CONFIG_DIR": str(folder / "azure"),
    }
    return subprocess.run(
        [*program, service.arm_endpoint, *words, *chain.from_iterable(options.items())],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_snakemake_makes_a_pool_a_job_and_a_task_and_reports_that_it_failed(service: Status, tmp_path: Path) -> None:
    ended = run_snakemake(service, tmp_path, "never.done", "--azure-batch-keep-pool")
    assert ended.returncode == 1, ended.stderr
    assert "Batch Task Failure: { 'code': 'FailureExitCode'" in ended.stderr
    with service.batch_client() as client:
        (pool,), (job,) = client.list_pools(), client.list_jobs()
        (task,) = client.list_tasks(job.id)
        assert (pool.id.partition("-")[0], job.id.partition("-")[0]) == ("snakepool", "snakejob")
        machine = pool.virtual_machine_configuration
        assert machine is not None
        assert machine.container_configuration is not None
        assert machine.container_configuration.container_image_names == [IMAGE]
        assert task.container_settings is not None
        assert task.container_settings.image_name == IMAGE
        assert (task.state, task.display_name) == (models.BatchTaskState.COMPLETED, "fail")


def test_snakemake_runs_a_workflow_to_its_end_and_removes_what_it_made(service: Status, tmp_path: Path) -> None:
    require_containers()
    ended = run_snakemake(service, tmp_path, "total.txt")
    assert ended.returncode == 0, ended.stderr
    with service.blob_service_client() as storage:
        total = storage.get_blob_client("results", "total.txt").download_blob().readall()
    assert total == b"one\ntwo\n"
    with service.batch_client() as client:
        assert {pool.state for pool in client.list_pools()} <= {models.BatchPoolState.DELETING}
        assert {job.state for job in client.list_jobs()} <= {models.BatchJobState.DELETING}


def require_containers() -> None:
    engine = container_engine.engine()
    assert engine is not None
    trial = [engine, "run", "--rm", "--network", "host", IMAGE, "/bin/sh", "-c", "true"]
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"containers cannot run here: {tried.stderr.strip()}")
