"""Messages to a node's agent about the tasks to run. Their forms stand in `shoal/local/node/messages.py`."""

from functools import lru_cache
from typing import Any, Protocol

import orjson

from shoal.local import times
from shoal.local.node.messages import USUAL_USER, container_message
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.application_version import ApplicationVersion


class PlacedTask(Protocol):
    """The columns of a task that its assignment needs."""

    @property
    def key(self) -> int: ...
    @property
    def attempt(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def definition(self) -> bytes: ...


class AssignedJob(Protocol):
    """The columns of a job that the assignment of its tasks needs."""

    @property
    def account(self) -> str: ...
    @property
    def id(self) -> str: ...


def assignment(tx: Transaction, job: AssignedJob, job_body: dict[str, Any], task: PlacedTask) -> dict[str, Any]:
    """Return the assignment of a task; `job_body` is the job's definition, parsed once for many tasks."""
    body = orjson.loads(task.definition)
    environment = {
        setting["name"]: setting.get("value", "")
        # The later one of a name stays, so the task's own settings win over its job's.
        for settings in (job_body.get("commonEnvironmentSettings", ()), body.get("environmentSettings", ()))
        for setting in settings
    }
    references = body.get("applicationPackageReferences", ())
    preparation = job_body.get("jobPreparationTask")
    before = {} if preparation is None or preparation["id"] == task.id else {"job_preparation": preparation["id"]}
    return {
        **before,
        **_container(body.get("containerSettings")),
        **_user(body.get("userIdentity", USUAL_USER)),
        "key": task.key,
        "attempt": task.attempt,
        "job": job.id,
        "task": task.id,
        "command_line": body["commandLine"],
        "environment": environment,
        "resource_files": body.get("resourceFiles", ()),
        "output_files": body.get("outputFiles", ()),
        "packages": [package(tx, job.account, reference) for reference in references],
        "max_wall_clock_time": seconds(body["constraints"]["maxWallClockTime"]),
        # The directory of a job preparation or release task goes with its job.
        **({} if task.key < 0 else {"retention": seconds(body["constraints"]["retentionTime"])}),
    }


def _user(identity: dict[str, Any]) -> dict[str, Any]:
    return {} if identity == USUAL_USER else {"user": identity}


def _container(settings: dict[str, Any] | None) -> dict[str, Any]:
    return {} if settings is None else {"container": container_message(settings)}


@lru_cache
def seconds(limit: str) -> float | None:
    """Return the seconds of a duration, which most tasks share; None is without limit."""
    return None if limit == times.UNLIMITED else times.duration(limit) / times.SECOND


def package(tx: Transaction, account: str, reference: dict[str, str]) -> dict[str, Any]:
    """Return where a referenced package lies; `blob` is None where no active version is there.

    A reference may name the application by its bare id or by its ARM id, with `/versions/NAME` or without.
    """
    application, version = split_reference(reference)
    active = ApplicationVersion.find_active(tx.connection, account, application, version)
    if active is None:
        return {"application": application, "version": version, "container": None, "blob": None, "activated": None}
    return {
        "application": active.application,
        "version": active.version,
        "container": active.container,
        "blob": active.blob,
        "activated": active.activated,
    }


def split_reference(reference: dict[str, str]) -> tuple[str, str | None]:
    parts = reference["applicationId"].strip("/").split("/")
    lowered = [part.lower() for part in parts]
    version = reference.get("version")
    # Not the last part: a name has to follow, and an application may itself be called `versions`.
    if "versions" in lowered[:-1]:
        version = version or parts[lowered.index("versions") + 1]
    application = parts[lowered.index("applications") + 1] if "applications" in lowered[:-1] else parts[-1]
    return application, version
