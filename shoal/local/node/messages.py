"""Messages between the service and an agent, one JSON object a line.

To the agent: the setup first, then `{"run": [assignment, …]}`, `{"kill": [[key, attempt], …]}`,
`{"keys": {storage account: key, …}}`, `{"forget": [job, task or null]}`,
`{"retain": [key, attempt, seconds or null]}`, `{"proceed": [key, attempt]}` to the primary of a multi-instance task,
`{"upload_log": {"url": container, "identity": reference or null, "folder": prefix of the blob}}`,
`{"upload_again": seconds since 1970}` for the output files that were uploaded since then. To the service:
`{"state": …, "start_task": …, "errors": …}`,
`{"coordinated": [key, attempt, time]}`,
`{"vacated": [[key, attempt], …]}` of runs that need no slots any more, since only their files are still uploaded,
`{"ended": [[key, attempt, time, exit code or null, failure or null], …]}`. A key below zero is that of a job
preparation or release task.
"""

from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]

USUAL_USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
"""The userIdentity of tasks that ask for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedPackage:
    """An application package as referenced; without a blob it could not be found any more."""

    application: str
    version: str | None
    container: str | None
    blob: str | None
    activated: int | None
    """When the blob's content was last declared to be the version's. In microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageKeys:
    """The storage endpoint, and the keys by which the agent acts for the identities of its pool."""

    endpoint: str
    """`http://127.0.0.1:PORT`; accounts are the first segment of the path."""
    keys: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry of container images at which a node logs in by name and password."""

    server: str
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    node: str
    account: str
    account_url: str
    pool: str
    dedicated: bool
    ip_address: str
    path: str
    """PATH up to the node's shared directory and the task's own, which follow."""
    identities: list[str]
    auto_storage: str | None
    storage: StorageKeys
    trust: dict[str, str]
    """Environment variables by which tasks trust the service's certificates; empty over plain HTTP."""
    start_task: JsonObject | None
    packages: list[UnpackedPackage]
    identity_host: str = ""
    """The address at which the tasks of a pool with an identity get tokens, in the form of virtual machines."""
    users: list[str] = field(default_factory=list)
    """Names of the pool's user accounts."""
    administrators: list[str] = field(default_factory=list)
    """Those of them that are administrators."""
    number: int = 0
    """The node's own among the nodes of its service."""
    task_users: int | None = None
    """Where the numbers of the service's task users begin, in nodes; None where tasks run as the service's user."""
    images: list[str] | None = None
    """The images that a node of a pool for containers fetches; None for other pools."""
    registries: list[Registry] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    image: str
    options: str
    """More options of the engine's command."""
    image_directory: bool
    """The task works in the image's own directory."""
    mounts: list[JsonObject] | None = None
    """The node's directories that are mounted, as `containerHostBatchBindMounts`; None is the whole root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One of the instances of a multi-instance task, and what precedes the task's own command on all of their nodes."""

    number: int
    """0 is the primary, whose node runs the task's own command."""
    addresses: list[str]
    """IP addresses of the nodes of all instances, by their numbers."""
    command_line: str
    """The coordination command."""
    resource_files: list[JsonObject]
    """The common resource files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    key: int
    attempt: int
    job: str
    task: str
    command_line: str
    environment: dict[str, str]
    resource_files: list[JsonObject] = field(default_factory=list)
    output_files: list[JsonObject] = field(default_factory=list)
    packages: list[UnpackedPackage] = field(default_factory=list)
    job_preparation: str | None = None
    """Id of the job preparation task that has run before, where the job has one."""
    max_wall_clock_time: float | None = None
    """Seconds from the start of the run, downloads included; None is unlimited."""
    user: JsonObject = field(default_factory=lambda: USUAL_USER)
    """The userIdentity of the task."""
    container: Container | None = None
    retention: float | None = None
    """Seconds that its directory is kept after the run's end; None is without limit."""
    instance: Instance | None = None
    """Set where the task is a multi-instance task."""


def container_message(settings: JsonObject) -> JsonObject:
    """Return the container that the containerSettings of a task describe, as a message has it."""
    mounts = settings.get("containerHostBatchBindMounts")
    return {
        "image": settings["imageName"],
        "options": settings.get("containerRunOptions", ""),
        "image_directory": settings.get("workingDirectory") == "containerImageDefault",
        **({} if mounts is None else {"mounts": mounts}),
    }


def setup_from(message: JsonObject) -> Setup:
    return Setup(
        **{
            **message,
            "storage": StorageKeys(**message["storage"]),
            "packages": [UnpackedPackage(**p) for p in message["packages"]],
            "registries": [Registry(**registry) for registry in message.get("registries", ())],
        }
    )


def assignment_from(message: JsonObject) -> Assignment:
    return Assignment(
        **{
            **message,
            "packages": [UnpackedPackage(**p) for p in message["packages"]],
            "container": Container(**message["container"]) if "container" in message else None,
            "instance": Instance(**message["instance"]) if "instance" in message else None,
        }
    )
