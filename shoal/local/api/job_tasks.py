"""Job manager, preparation and release tasks in a job's definition, and the rules that they share with all tasks. Pure.

Source: REST reference, JobManagerTask, JobPreparationTask, JobReleaseTask; their defaults as recorded.
"""

from collections.abc import Iterable
from typing import Any

from shoal.azure.id_patterns import BATCH_ID
from shoal.azure.limits import TASK_SLOTS_PER_NODE
from shoal.local import errors, times
from shoal.local.api import container_settings, transfers
from shoal.local.scheduler.verdicts import UNLIMITED_RETRIES

JsonObject = dict[str, Any]

TASK_CONSTRAINTS: JsonObject = {"maxWallClockTime": times.UNLIMITED, "retentionTime": "P7D"}
AUTO_USER_DEFAULTS = {"scope": "pool", "elevationLevel": "nonadmin"}
LONGEST_RELEASE = "PT15M"
"""Both the default and the most. Source: REST reference, JobReleaseTask."""
MANAGER_DEFAULTS: JsonObject = {"runExclusive": True, "allowLowPriorityNode": True, "killJobOnCompletion": True}
PREPARATION, RELEASE = "jobPreparationTask", "jobReleaseTask"


def complete(job: JsonObject) -> None:
    """Check the tasks that a job defines, and fill in what the service fills in. Raises BatchError."""
    if (given := job.get("jobManagerTask")) is not None:
        job["jobManagerTask"] = _manager(given, job["constraints"]["maxTaskRetryCount"])
    if (given := job.get(PREPARATION)) is not None:
        job[PREPARATION] = _preparation(given)
    if (given := job.get(RELEASE)) is not None:
        if PREPARATION not in job:
            reason = "a job release task needs a job preparation task"
            raise errors.invalid_property(RELEASE, given.get("id", "jobrelease"), reason)
        job[RELEASE] = _release(given)
        check_task_id(job[RELEASE]["id"], {PREPARATION: job[PREPARATION]})
    if (manager := job.get("jobManagerTask")) is not None:
        check_task_id(manager["id"], job)


def _manager(given: JsonObject, retries: int) -> JsonObject:
    _check(given, "jobManagerTask.")
    check_slots(given.get("requiredSlots", 1), "jobManagerTask.requiredSlots", TASK_SLOTS_PER_NODE)
    return {
        **MANAGER_DEFAULTS,
        "requiredSlots": 1,
        **given,
        "constraints": {**TASK_CONSTRAINTS, "maxTaskRetryCount": retries, **given.get("constraints", {})},
        "userIdentity": user_identity(given),
    }


def _preparation(given: JsonObject) -> JsonObject:
    _check(given, f"{PREPARATION}.")
    return {
        "id": "jobpreparation",
        "waitForSuccess": True,
        "rerunOnNodeRebootAfterSuccess": True,
        **given,
        "constraints": {**TASK_CONSTRAINTS, "maxTaskRetryCount": 0, **given.get("constraints", {})},
        "userIdentity": user_identity(given),
    }


def _release(given: JsonObject) -> JsonObject:
    _check(given, f"{RELEASE}.")
    limit = given.get("maxWallClockTime", LONGEST_RELEASE)
    if times.duration(limit) > times.duration(LONGEST_RELEASE):
        raise errors.invalid_property(f"{RELEASE}.maxWallClockTime", limit, "PT15M or less is expected")
    defaults = {"id": "jobrelease", "maxWallClockTime": LONGEST_RELEASE, "retentionTime": "P7D"}
    return {**defaults, **given, "userIdentity": user_identity(given)}


def _check(given: JsonObject, path: str) -> None:
    if "id" in given:
        check_id(given["id"], f"{path}id")
    container_settings.check_task(given, path.rstrip("."))
    transfers.check_resource_files(given, path)
    check_retries(given.get("constraints", {}), f"{path}constraints.")


def check_task_id(task_id: str, job: JsonObject) -> None:
    """Raises BatchError where a task has the id, and so the directory, of its job's preparation or release task."""
    for name, code in ((PREPARATION, "JobPreparationTask"), (RELEASE, "JobReleaseTask")):
        if name in job and job[name]["id"].casefold() == task_id.casefold():
            message = f"The specified task id is the same as that of the job's {name}."
            raise errors.conflict(f"TaskIdSameAs{code}", message)


def user_identity(body: JsonObject) -> JsonObject:
    """Return the user of a task with what the service fills in, as recorded traffic shows."""
    given: JsonObject = body.get("userIdentity", {})
    return given if "username" in given else {"autoUser": AUTO_USER_DEFAULTS | given.get("autoUser", {})}


def check_retries(body: JsonObject, path: str) -> None:
    if (retries := body.get("maxTaskRetryCount", 0)) < UNLIMITED_RETRIES:
        raise errors.invalid_property(f"{path}maxTaskRetryCount", retries, "-1 (without limit) or more is expected")


def check_id(value: str, name: str = "id") -> None:
    if not BATCH_ID.pattern.fullmatch(value):
        reason = "1 to 64 letters, digits, hyphens and underscores are expected"
        raise errors.invalid_property(name, value, reason)


def check_slots(value: int, name: str, most: int) -> None:
    if not 1 <= value <= most:
        raise errors.invalid_property(name, value, f"1 to {most} is allowed")


def refuse(kind: str, body: JsonObject, names: Iterable[str]) -> None:
    """Raises BatchError NotImplemented where the body has one of these properties."""
    for name in names:
        if body.get(name):
            raise errors.not_implemented(f"{kind} property {name}")
