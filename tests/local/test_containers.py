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


def volumes(root: Path, mounts: list[dict[str, Any]]) -> list[str]:
    """Return the volumes of a container on a node whose job has no preparation task."""
    variables = {"AZ_BATCH_NODE_SHARED_DIR": str(root / "shared"), "AZ_BATCH_TASK_DIR": str(root / "t")}
    line = containers.command_line(
        Container(image="i", options="", image_directory=True, mounts=mounts),
        command="",
        name="n",
        root=root,
        working=root / "t" / "wd",
        variables=variables,
    )
    words = shlex.split(line)
    return [words[place + 1] for place, word in enumerate(words) if word == "--volume"]


def test_only_the_directories_that_a_task_chooses_are_mounted(engine_path: Path, tmp_path: Path) -> None:
    program(engine_path / "podman")
    for folder in ("shared", "t", "applications"):
        (tmp_path / folder).mkdir()
    chosen: list[dict[str, Any]] = [
        {"source": "Task"},
        {"source": "Applications", "isReadOnly": True},
        {"source": "JobPrep"},
    ]
    task_directory, applications = tmp_path / "t", tmp_path / "applications"
    assert volumes(tmp_path, chosen) == [f"{task_directory}:{task_directory}", f"{applications}:{applications}:ro"]
    assert volumes(tmp_path, []) == []


def test_a_task_whose_directory_is_not_mounted_works_in_its_images(engine_path: Path) -> None:
    program(engine_path / "podman")

    def check(**settings: Any) -> None:
        body = {"id": "t", "commandLine": "", "containerSettings": {"imageName": "i", **settings}}
        definitions.task(body, {}, VERSION)

    shared = [{"source": "Shared", "isReadOnly": True}]
    check(containerHostBatchBindMounts=shared, workingDirectory="containerImageDefault")
    check(containerHostBatchBindMounts=[*shared, {"source": "Task"}])
    for mounts in (shared, []):
        with pytest.raises(BatchError) as refused:
            check(containerHostBatchBindMounts=mounts)
        assert refused.value.values["PropertyName"] == "containerSettings.workingDirectory"
    with pytest.raises(BatchError) as refused:
        check(containerHostBatchBindMounts=[{"isReadOnly": True}])
    assert refused.value.values["PropertyName"] == "containerSettings.containerHostBatchBindMounts[0].source"


def test_a_start_task_in_a_container_needs_an_engine(engine_path: Path) -> None:
    start = {"commandLine": "/bin/true", "containerSettings": {"imageName": "i"}}
    pool = {"id": "p", "vmSize": "standard_d2s_v3", "startTask": start}
    with pytest.raises(BatchError, match="startTask property containerSettings on a machine without podman and docker"):
        definitions.pool(pool, version=VERSION)
    program(engine_path / "podman")
    container_engine.engine.cache_clear()
    assert definitions.pool(pool, version=VERSION).body["startTask"]["containerSettings"] == {"imageName": "i"}


def test_a_start_task_runs_in_its_image_and_a_task_sees_what_it_has_mounted(
    client: BatchClient, name: str, image: str
) -> None:
    script = sh("test ! -e /usr && echo prepared > $AZ_BATCH_NODE_SHARED_DIR/data")
    setting = [{"name": "GREETING", "value": "hello"}]
    start = {"commandLine": script, "environmentSettings": setting, "maxTaskRetryCount": 1, **settings(image)}
    make_pool(client, name, startTask=start)
    wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    mounts = [{"source": "Task"}, {"source": "Shared", "isReadOnly": True}]
    body = sh("cat $AZ_BATCH_NODE_SHARED_DIR/data; test ! -e $AZ_BATCH_NODE_STARTUP_DIR; echo $?")
    container = settings(image)["containerSettings"] | {"containerHostBatchBindMounts": mounts}
    run(client, name, task("t", body, containerSettings=container))
    assert read(client, name, "t") == b"prepared\n0\n"


@pytest.mark.parametrize("options", ["--name=job_1 --rm", "--rm --name 'job 1'", "--rm --name"])
def test_a_container_keeps_the_name_by_which_it_is_ended(engine_path: Path, options: str) -> None:
    program(engine_path / "podman")
    container = Container(image="i", options=options, image_directory=True)
    line = containers.command_line(
        container, command="", name="n", root=Path("/r"), working=Path("/r/wd"), variables={}
    )
    words = shlex.split(line)
    assert [words[at + 1] for at, word in enumerate(words) if word.startswith("--name")] == ["n"]
    assert words[-2:] == ["--rm", "i"]
