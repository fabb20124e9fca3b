"""Tasks in containers, where this machine can run any; the image is made here, so that no registry is needed."""

import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient

from shoal import container_engine
from shoal.local.api import definitions
from shoal.local.errors import BatchError
from shoal.local.node import containers
from shoal.local.node.messages import Container
from tests.local.making import execution, make_job, make_pool, read, run, sh, task, wait_for_nodes
from tests.raw import Raw

IMAGE = "localhost/shoal-test:1"
OPTIONS = "--ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
"""Engines raise these limits for containers, which not every machine allows."""
VERSION = "2025-06-01"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image of busybox alone."""
    engine, busybox = container_engine.engine(), shutil.which("busybox")
    if engine is None or busybox is None:
        pytest.skip("podman or docker, and a static busybox, are needed to run containers")
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(busybox, "bin/busybox")
        for name in ("sh", "cat", "sleep", "pwd", "env"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    subprocess.run([engine, "import", str(archive), IMAGE], check=True, capture_output=True)
    trial = [engine, "run", "--rm", "--network", "host", *shlex.split(OPTIONS), IMAGE, "/bin/busybox", "true"]
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"containers cannot run here: {tried.stderr.strip()}")
    yield IMAGE
    subprocess.run([engine, "rmi", "--force", IMAGE], check=False, capture_output=True)


def settings(image: str, **more: str) -> dict[str, Any]:
    return {"containerSettings": {"imageName": image, "containerRunOptions": OPTIONS, **more}}


def test_a_task_runs_in_its_image_and_leaves_its_files_on_the_node(
    client: BatchClient, raw: Raw, name: str, image: str
) -> None:
    machine = {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "containerConfiguration": {"type": "dockerCompatible", "containerImageNames": [image]},
    }
    make_pool(client, name, virtualMachineConfiguration=machine)
    wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    setting = [{"name": "GREETING", "value": "a b\nc"}]
    script = sh('pwd; ls / | cat; echo "$GREETING"; echo out > made; exit 3').replace("ls", "busybox ls")
    done = run(client, name, task("t", script, environmentSettings=setting, **settings(image)))
    assert execution(done).exit_code == 3
    output = read(client, name, "t").decode().splitlines()
    assert output[0].endswith("/t/wd")
    assert "bin" in output
    assert "usr" not in output
    assert output[-2:] == ["a b", "c"]
    assert read(client, name, "t", "wd/made") == b"out\n"
    elsewhere = settings(image, workingDirectory="containerImageDefault")
    run(client, name, task("u", "pwd", **elsewhere))
    assert read(client, name, "u") == b"/\n"


def test_a_container_ends_with_its_task(client: BatchClient, job: str, image: str) -> None:
    limit = {"constraints": {"maxWallClockTime": "PT3S"}}
    done = run(client, job, task("t", "sleep 1000", **settings(image), **limit))
    info = execution(done)
    assert info.failure_info is not None
    assert info.failure_info.code == "TaskEnded"
    assert done.node_info is not None
    engine = container_engine.engine()
    assert engine is not None
    listed = [engine, "ps", "--all", "--quiet", "--filter", f"name=^{done.node_info.node_id}-"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == ""


def test_a_node_whose_image_cannot_be_had_is_unusable(client: BatchClient, name: str, image: str) -> None:
    configuration = {"type": "dockerCompatible", "containerImageNames": ["localhost/shoal-nowhere:1"]}
    machine = {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "containerConfiguration": configuration,
    }
    make_pool(client, name, virtualMachineConfiguration=machine)
    (node,) = wait_for_nodes(client, name, nodes=1, state="unusable")
    assert node.errors is not None
    assert node.errors[0].code == "ContainerPoolSetupFailed"


@pytest.fixture
def engine_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A PATH with nothing but what a test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(container_engine, "DOCKER_SOCKET", tmp_path / "docker.sock")
    container_engine.engine.cache_clear()
    yield tmp_path
    container_engine.engine.cache_clear()


def program(path: Path) -> None:
    path.touch(mode=0o755)


def test_containers_are_refused_in_one_sentence_without_an_engine(engine_path: Path) -> None:
    # A client of docker alone is none.
    program(engine_path / "docker")
    body = {"id": "t", "commandLine": "", "containerSettings": {"imageName": "i"}}
    with pytest.raises(BatchError, match="containerSettings on a machine without podman and docker") as refused:
        definitions.task(body, {}, VERSION)
    assert (refused.value.status, refused.value.code) == (501, "NotImplemented")
    machine = {"imageReference": {}, "nodeAgentSKUId": "x", "containerConfiguration": {"type": "dockerCompatible"}}
    pool = {"id": "p", "vmSize": "standard_d2s_v3", "virtualMachineConfiguration": machine}
    with pytest.raises(BatchError, match="containerConfiguration on a machine without podman and docker"):
        definitions.pool(pool, version=VERSION)


def test_values_of_variables_are_not_on_the_engines_command_line(engine_path: Path) -> None:
    program(engine_path / "podman")
    line = containers.command_line(
        Container(image="i", options="--gpus 'all of them'", image_directory=False),
        command="python3 -c 'print(1)'",
        name="n",
        root=Path("/root dir"),
        working=Path("/root dir/wd"),
        variables={"SECRET": "hidden"},
    )
    assert "hidden" not in line
    words = shlex.split(line)
    assert words[words.index("--volume") + 1] == "/root dir:/root dir"
    assert words[words.index("--entrypoint") :] == [
        "--entrypoint",
        "python3",
        "--gpus",
        "all of them",
        "i",
        "-c",
        "print(1)",
    ]


def test_an_empty_command_line_leaves_the_image_its_entry_point(engine_path: Path) -> None:
    program(engine_path / "podman")
    container = Container(image="i", options="", image_directory=True)
    line = containers.command_line(
        container, command="", name="n", root=Path("/r"), working=Path("/r/wd"), variables={}
    )
    words = shlex.split(line)
    assert "--entrypoint" not in words
    assert "--workdir" not in words
    assert words[-1] == "i"
