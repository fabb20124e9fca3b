"""Runs tasks in containers by podman or docker, whichever this machine has.

Source: "Use Azure Batch to run container workloads": the node's root is mounted at the same path, the environment is
passed, the working directory is the task's or the image's, and a command line replaces the image's entry point.
"Configure container isolation in Azure Batch task": or chosen directories of it, on Linux at the same paths.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shoal.container_engine import engine
from shoal.local.node.directories import NodeDirectory, TaskDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import launch
from shoal.local.node.messages import Container
from shoal.local.node.registry_logins import RegistryLogins

KEPT_FROM_IMAGE = ("PATH", "LANG", "USER", "PWD")
"""Variables of the node that mean nothing in an image, unless the task sets them itself."""
OF_ENGINE = ("PATH", "HOME", "XDG_RUNTIME_DIR", "LANG", "DOCKER_HOST", "CONTAINERS_CONF")
"""Variables by which an engine finds its images and its settings."""
MOUNTED = {
    "Shared": "AZ_BATCH_NODE_SHARED_DIR",
    "Startup": "AZ_BATCH_NODE_STARTUP_DIR",
    "VfsMounts": "AZ_BATCH_NODE_MOUNTS_DIR",
    "Task": "AZ_BATCH_TASK_DIR",
    "JobPrep": "AZ_BATCH_JOB_PREP_DIR",
}
"""Variables that name the directories of a node that a task can choose, by their words in Batch."""
APPLICATIONS = "Applications"


def start(
    container: Container,
    *,
    command: str,
    name: str,
    node: NodeDirectory,
    directory: TaskDirectory,
    environment: Mapping[str, str],
    settings: Mapping[str, str],
    logins: RegistryLogins,
) -> int:
    """Start a task's command in a container. Return the id of the engine's process. Raises TaskFault.

    `environment` is the task's, with its own `settings`.
    """
    passed = variables(environment, settings)
    try:
        line = command_line(
            container, command=command, name=name, root=node.root, working=directory.working, variables=passed
        )
    except ValueError as exc:  # an open quotation
        raise TaskFault("CommandLaunchFailed", f"The command could not be started: {exc}") from None
    # As the service's user, whose images they are.
    as_service = replace(directory, user=None)
    return launch(line, engine_environment(passed) | logins.variables(container.image), as_service)


def command_line(
    container: Container, *, command: str, name: str, root: Path, working: Path, variables: Mapping[str, str]
) -> str:
    """Return the command line that runs a task's command in a container. Raises TaskFault, ValueError."""
    # `variables` are passed by name: their values are in the engine's own environment, not for everybody to see.
    passed = [argument for variable in sorted(variables) for argument in ("--env", variable)]
    place = [] if container.image_directory else ["--workdir", str(working)]
    first, *rest = shlex.split(command) or [""]
    entry = ["--entrypoint", first] if first else []
    return shlex.join(
        [
            *(_engine(), "run", "--rm", "--name", name, "--network", "host"),
            *(argument for volume in _volumes(container, root, variables) for argument in ("--volume", volume)),
            *passed,
            *("--env", f"HOME={working}"),
            *place,
            *entry,
            *_without_name(shlex.split(container.options)),
            container.image,
            *rest,
        ]
    )


def _volumes(container: Container, root: Path, variables: Mapping[str, str]) -> list[str]:
    """Return the directories to mount: the node's whole root, or those that the task has chosen and that exist."""
    if container.mounts is None:
        return [f"{root}:{root}"]
    known = {word: variables.get(name, "") for word, name in MOUNTED.items()}
    known[APPLICATIONS] = str(root / APPLICATIONS.lower())
    chosen = [(known[mount["source"]], ":ro" if mount.get("isReadOnly") else "") for mount in container.mounts]
    return [f"{path}:{path}{mode}" for path, mode in chosen if path and Path(path).is_dir()]


def _without_name(options: Sequence[str]) -> list[str]:
    """Return the options without `--name`: the task's container is ended by its own, and all nodes share one engine."""
    kept = []
    words = iter(options)
    for word in words:
        if word == "--name":
            next(words, None)
        elif not word.startswith("--name="):
            kept.append(word)
    return kept


def variables(environment: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a task that its container gets."""
    kept = {name: value for name, value in environment.items() if name not in (*KEPT_FROM_IMAGE, "HOME")}
    return kept | dict(settings)


def engine_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the engine's process: its own, and the values that it passes on."""
    return {name: os.environ[name] for name in OF_ENGINE if name in os.environ} | dict(variables)


def remove(names: Sequence[str]) -> None:
    """End containers, and delete what is left of them; those that are gone are no problem."""
    if names:
        subprocess.run([_engine(), "rm", "--force", *names], capture_output=True, check=False)


def prepare(node: str, images: Sequence[str], logins: RegistryLogins) -> None:
    """End what an earlier agent of the node has left, and fetch images that are not there yet. Raises TaskFault."""
    logins.log_in(_engine())
    listed = [_engine(), "ps", "--all", "--quiet", "--filter", f"name=^{node}-"]
    remove(subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split())
    for image in images:
        known = os.environ | logins.variables(image)
        if _fails([_engine(), "image", "inspect", image]) and (fault := _fails([_engine(), "pull", image], known)):
            raise TaskFault("ContainerPoolSetupFailed", f"The image {image} could not be fetched: {fault}", server=True)


def _fails(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return the last line of what a command says where it fails, or nothing."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def _engine() -> str:
    if (found := engine()) is None:
        raise TaskFault("CommandLaunchFailed", "Neither podman nor docker is on this machine any more")
    return found
