"""Checks requests and completes them with Batch's defaults: bodies in, definitions out. Pure.

Source: REST reference, defaults of Pool, Job and Task; how they read back as seen on the wire.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from shoal.azure.id_patterns import BATCH_ID, SUBNET, arm_id
from shoal.azure.limits import SHORTEST_RESIZE_TIMEOUT, TASK_SLOTS_PER_NODE
from shoal.local import errors, times
from shoal.local.api import (
    cloud_services,
    container_settings,
    images,
    job_tasks,
    mounts,
    multi_instance_settings,
    simulations,
    transfers,
)
from shoal.local.api.shapes import DATA_PLANE, Shapes
from shoal.local.scheduler import job_lifecycle, pool_lifecycle, scaling, task_lifecycle
from shoal.local.scheduler.auto_pools import OF_SCHEDULE
from shoal.local.scheduler.job_lifecycle import UNLIMITED_PARALLEL_TASKS
from shoal.local.store.states import AllTasksCompleteMode, TaskFailureMode

JsonObject = dict[str, Any]

MOST_DEPENDENCY_CHARACTERS = 64_000
DEFAULT_FILL = "Spread"
PRIORITIES = range(-1000, 1001)

POOL_DEFAULTS: JsonObject = {
    "resizeTimeout": "PT15M",
    "targetDedicatedNodes": 0,
    "targetLowPriorityNodes": 0,
    "enableAutoScale": False,
    "autoScaleEvaluationInterval": "PT15M",
    "enableInterNodeCommunication": False,
    "taskSlotsPerNode": 1,
}
NETWORK_DEFAULTS: JsonObject = {"dynamicVNetAssignmentScope": "none"}
WINDOWS_USER: JsonObject = {"loginMode": "interactive"}
"""Source: answers recorded in the tests of azure-cli, until 2023-11-01.18.0, where batch logins are another choice."""
AUTO_POOL = "poolInfo.autoPoolSpecification"
LONGEST_PREFIX = 20
"""Source: REST reference, AutoPoolSpecification, autoPoolIdPrefix."""
TARGETS = ("targetDedicatedNodes", "targetLowPriorityNodes")
JOB_DEFAULTS: JsonObject = {
    "priority": 0,
    "maxParallelTasks": UNLIMITED_PARALLEL_TASKS,
    "allowTaskPreemption": False,
    "onAllTasksComplete": AllTasksCompleteMode.NO_ACTION,
    "onTaskFailure": TaskFailureMode.NO_ACTION,
    "usesTaskDependencies": False,
}
JOB_CONSTRAINTS: JsonObject = {"maxWallClockTime": times.UNLIMITED, "maxTaskRetryCount": 0}

SIZE = (
    "targetDedicatedNodes",
    "targetLowPriorityNodes",
    "enableAutoScale",
    "autoScaleFormula",
    "autoScaleEvaluationInterval",
    "resizeTimeout",
)
CHANGEABLE_ANY_TIME = (
    "startTask",
    "applicationPackageReferences",
    "metadata",
    "certificateReferences",
    "targetNodeCommunicationMode",
)
"""Properties of pools that may change while there are nodes.

Source: REST reference, Pools - Update; answers recorded in the tests of azure-cli, until 2024-02-01.19.0, for the last
two, which are gone since.
"""
DEFAULT_COMMUNICATION = "default"
"""Shown once the properties of a pool have been replaced without a mode, and not before.

Source: Batch REST 2024-02-01.19.0, Pool - Update Properties; answers recorded in the tests of azure-cli,
2023-05-01.17.0 to 2024-02-01.19.0.
"""
CLEARED = ("applicationPackageReferences", "metadata")
"""Lists that are not shown after a replacement by empty ones, unlike certificateReferences.

Source: answers recorded in the tests of azure-cli, until 2024-02-01.19.0.
"""
MACHINE_NOT_THERE = ("extensions",)


def pool(
    body: Any,
    *,
    version: str,
    shapes: Shapes = DATA_PLANE,
    identities: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
) -> pool_lifecycle.PoolDefinition:
    """Return the definition of a requested pool. Only ARM gives it identities and tags. Raises BatchError."""
    shapes.normalize("BatchPoolCreateOptions", body, version)
    job_tasks.check_id(body["id"])
    return pool_definition(body, identities=identities, tags=tags)


def updated_pool(current: JsonObject, body: Any, version: str) -> pool_lifecycle.PoolDefinition:
    """Return the definition after a PATCH, which replaces nested objects as a whole. Raises BatchError."""
    DATA_PLANE.normalize("BatchPoolUpdateOptions", body, version)
    return _changed_pool(current | body)


def replaced_pool(current: JsonObject, body: Any, version: str) -> pool_lifecycle.PoolDefinition:
    """Return the definition after the replacement of what may change at any time. Raises BatchError."""
    DATA_PLANE.normalize("BatchPoolReplaceOptions", body, version)
    for name in CLEARED:
        if body.get(name) == []:
            del body[name]
    body.setdefault("targetNodeCommunicationMode", DEFAULT_COMMUNICATION)
    kept = {name: value for name, value in current.items() if name not in CHANGEABLE_ANY_TIME}
    return _changed_pool(kept | body)


def _changed_pool(changed: JsonObject) -> pool_lifecycle.PoolDefinition:
    # Its size is not part of an update, and the rules for a new pool's would not take it as it reads.
    size = {name: value for name, value in changed.items() if name in SIZE}
    rest = {name: value for name, value in changed.items() if name not in SIZE}
    definition = pool_definition(rest)
    return pool_lifecycle.PoolDefinition(id=definition.id, body=definition.body | size)


def pool_definition(
    body: JsonObject, *, identities: Iterable[str] = (), tags: Mapping[str, str] | None = None
) -> pool_lifecycle.PoolDefinition:
    """Return the definition of a whole pool whose shape has been checked. Raises BatchError."""
    job_tasks.refuse("virtualMachineConfiguration", body.get("virtualMachineConfiguration", {}), MACHINE_NOT_THERE)
    complete = POOL_DEFAULTS | body
    cloud_services.complete(complete)
    if complete["enableAutoScale"]:
        _check_auto_scale(body, complete)
    elif "autoScaleFormula" in body:
        # Source: azure-batch 15.1, BatchPoolCreateOptions, autoScaleFormula.
        text = "autoScaleFormula must not be given where enableAutoScale is false."
        raise errors.BatchError(400, "InvalidAutoScalingSettings", text, {"PropertyName": "autoScaleFormula"})
    images.check_size(complete["vmSize"])
    complete["vmSize"] = complete["vmSize"].lower()
    complete["taskSchedulingPolicy"] = {"nodeFillType": DEFAULT_FILL} | complete.get("taskSchedulingPolicy", {})
    job_tasks.check_slots(complete["taskSlotsPerNode"], "taskSlotsPerNode", TASK_SLOTS_PER_NODE)
    for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
        check_count(complete[name], name)
    check_resize_timeout(complete["resizeTimeout"])
    simulations.check(complete)
    mounts.check(complete.get("mountConfiguration", []))
    machine: JsonObject = complete.get("virtualMachineConfiguration", {})
    has_windows = cloud_services.NAME in complete or images.is_windows(machine)
    _fill_in_users(complete.get("userAccounts", ()), has_windows=has_windows)
    if "networkConfiguration" in complete:
        complete["networkConfiguration"] = NETWORK_DEFAULTS | complete["networkConfiguration"]
    for name in ("mountConfiguration", "userAccounts"):
        if name in complete:
            complete[name] = mounts.without_secrets(complete[name])
    container_settings.check_pool(machine)
    images.check(machine)
    if "osDisk" in machine:
        machine["osDisk"].setdefault("ephemeralOSDiskSettings", {})
    if "publisher" in (image := machine.get("imageReference", {})):
        image.setdefault("version", "latest")
    if start_task := complete.get("startTask"):
        container_settings.check_task(start_task, "startTask")
        transfers.check_resource_files(start_task, "startTask.")
        job_tasks.check_retries(start_task, "startTask.")
        complete["startTask"] = {"maxTaskRetryCount": 0, "waitForSuccess": True} | start_task
        complete["startTask"]["userIdentity"] = job_tasks.user_identity(start_task)
        _require_user(complete["startTask"]["userIdentity"], complete.get("userAccounts", ()))
    return pool_lifecycle.PoolDefinition(id=body["id"], body=complete, identities=tuple(identities), tags=tags or {})


def _fill_in_users(accounts: Iterable[JsonObject], *, has_windows: bool) -> None:
    for account in accounts:
        account.setdefault("elevationLevel", "nonadmin")
        if has_windows:
            account["windowsUserConfiguration"] = WINDOWS_USER | account.get("windowsUserConfiguration", {})


def job(body: Any, version: str) -> job_lifecycle.JobDefinition:
    """Return the definition of a requested job. Raises BatchError."""
    DATA_PLANE.normalize("BatchJobCreateOptions", body, version)
    job_tasks.check_id(body["id"])
    definition = job_definition(body)
    if definition.auto_pool is not None and definition.auto_pool["poolLifetimeOption"] == OF_SCHEDULE:
        reason = "only the jobs of a schedule share a pool"
        raise errors.invalid_property(f"{AUTO_POOL}.poolLifetimeOption", OF_SCHEDULE, reason)
    return definition


def job_definition(body: JsonObject) -> job_lifecycle.JobDefinition:
    """Return the definition of a whole job whose shape has been checked. Raises BatchError."""
    if (most := body.get("maxParallelTasks", UNLIMITED_PARALLEL_TASKS)) < 1 and most != UNLIMITED_PARALLEL_TASKS:
        raise errors.invalid_property("maxParallelTasks", most, "-1 (without limit) or more than 0 is expected")
    info = _pool_info(body["poolInfo"])
    complete = JOB_DEFAULTS | body | {"poolInfo": info, "constraints": JOB_CONSTRAINTS | body.get("constraints", {})}
    job_tasks.check_retries(complete["constraints"], "constraints.")
    if complete["priority"] not in PRIORITIES:
        raise errors.invalid_property("priority", complete["priority"], "-1000 to 1000 is allowed")
    _check_network(complete.get("networkConfiguration", {}))
    job_tasks.complete(complete)
    return job_lifecycle.JobDefinition(id=body["id"], body=complete, pool_id=info.get("poolId", ""))


def _check_network(network: JsonObject) -> None:
    """Raises BatchError InvalidPropertyValue where the network of a job is no subnet.

    Source: azure-batch 15.1, BatchJobNetworkConfiguration, subnetId.
    """
    subnet = network.get("subnetId")
    if subnet is not None and arm_id(subnet, SUBNET) is None:
        reason = "/subscriptions/…/virtualNetworks/NETWORK/subnets/NAME is expected"
        raise errors.invalid_property("networkConfiguration.subnetId", subnet, reason)


def _pool_info(given: JsonObject) -> JsonObject:
    """Return the pool of a job: one that is named, or the complete specification of one that is made for it."""
    if (specification := given.get("autoPoolSpecification")) is None:
        if "poolId" not in given:
            raise errors.missing_property("poolInfo.poolId")
        return given
    if "poolId" in given:
        raise errors.invalid_property("poolInfo.poolId", given["poolId"], "it excludes autoPoolSpecification")
    if "pool" not in specification:
        raise errors.missing_property(f"{AUTO_POOL}.pool")
    prefix = specification.get("autoPoolIdPrefix", "x")
    if not BATCH_ID.pattern.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX:
        reason = f"up to {LONGEST_PREFIX} letters, digits, hyphens and underscores are expected"
        raise errors.invalid_property(f"{AUTO_POOL}.autoPoolIdPrefix", prefix, reason)
    pool = _auto_pool(specification["pool"])
    return {"autoPoolSpecification": {"keepAlive": False, **specification, "pool": pool}}


def _auto_pool(given: JsonObject) -> JsonObject:
    # A specification that reads back has targets of 0 beside its formula, which a new pool's must not have.
    scaled = given.get("enableAutoScale", False)
    asked_for = {name: value for name, value in given.items() if not (scaled and name in TARGETS and value == 0)}
    complete = pool_definition({**asked_for, "id": "auto"}).body
    without = {"id"} if scaled else {"id", "autoScaleEvaluationInterval"}
    return {name: value for name, value in complete.items() if name not in without}


def patched_job(current: JsonObject, body: Any, version: str) -> job_lifecycle.JobDefinition:
    """Return the definition after a PATCH, which replaces nested objects as a whole. Raises BatchError."""
    DATA_PLANE.normalize("BatchJobUpdateOptions", body, version)
    return _changed_job(current, current | body)


def replaced_job(current: JsonObject, body: Any, version: str) -> job_lifecycle.JobDefinition:
    """Return the definition after a PUT, which takes everything that may change back to its default. Raises BatchError.

    Source: REST reference, Jobs - Update; azure-batch 15.1, the parts of BatchJob that it sends.
    """
    DATA_PLANE.normalize("BatchJobUpdateOptions", body, version)
    if "poolInfo" not in body:
        raise errors.missing_property("poolInfo")
    kept = {name: value for name, value in current.items() if name not in DATA_PLANE.names("BatchJobUpdateOptions")}
    return _changed_job(current, kept | body)


def _changed_job(current: JsonObject, changed: JsonObject) -> job_lifecycle.JobDefinition:
    definition = job_definition(changed)
    before, after = current["onAllTasksComplete"], definition.body["onAllTasksComplete"]
    if before == AllTasksCompleteMode.TERMINATE_JOB and after == AllTasksCompleteMode.NO_ACTION:
        raise errors.invalid_property("onAllTasksComplete", after, "terminatejob cannot be taken back")
    return definition


def task(body: Any, job_body: JsonObject, version: str) -> task_lifecycle.TaskDefinition:
    """Return the definition of a requested task of a job. Raises BatchError."""
    DATA_PLANE.normalize("BatchTaskCreateOptions", body, version)
    job_tasks.check_id(body["id"])
    container_settings.check_task(body, "task")
    job_tasks.check_task_id(body["id"], job_body)
    complete = dict(body)
    given = complete.get("constraints", {})
    complete["constraints"] = job_tasks.TASK_CONSTRAINTS | given
    job_tasks.check_retries(given, "constraints.")
    slots = complete.setdefault("requiredSlots", 1)
    job_tasks.check_slots(slots, "requiredSlots", TASK_SLOTS_PER_NODE)
    complete["userIdentity"] = job_tasks.user_identity(complete)
    transfers.check_resource_files(complete)
    if (settings := complete.get(multi_instance_settings.NAME)) is not None:
        complete[multi_instance_settings.NAME] = multi_instance_settings.complete(settings, complete)
    if any(complete.get("dependsOn", {}).values()):
        _check_dependencies(complete["dependsOn"], job_body)
    if "exitConditions" in complete:
        _check_exit_conditions(complete["exitConditions"], job_body)
    return task_lifecycle.TaskDefinition(
        id=body["id"], body=complete, slots=slots, max_retries=given.get("maxTaskRetryCount")
    )


def task_constraints(body: Any, version: str) -> JsonObject:
    """Return the constraints of a task after a PUT, which has nothing else. Raises BatchError.

    Source: azure-batch 15.1, the parts of BatchTask that it sends; REST reference, Tasks - Update.
    """
    DATA_PLANE.normalize("BatchTask", body, version)
    given: JsonObject = body.get("constraints", {})
    job_tasks.check_retries(given, "constraints.")
    return job_tasks.TASK_CONSTRAINTS | given


def check_count(value: int, name: str) -> None:
    if value < 0:
        raise errors.invalid_property(name, value, "0 or more is expected")


def check_resize_timeout(text: str) -> None:
    if times.duration(text) < times.microseconds(SHORTEST_RESIZE_TIMEOUT):
        raise errors.invalid_property("resizeTimeout", text, "PT5M or more is expected")


def _require_user(identity: JsonObject, accounts: Iterable[JsonObject]) -> None:
    """Raises BatchError InvalidPropertyValue where a start task is to run as a user that its pool does not declare."""
    user = identity.get("username")
    if user is not None and user not in {account["name"] for account in accounts}:
        reason = "the pool's userAccounts declare no such user"
        raise errors.invalid_property("startTask.userIdentity.username", user, reason)


def same_pool(job_body: JsonObject, other: JsonObject) -> bool:
    """Return True where two definitions of a job name the same pool."""
    return _pool_of(job_body["poolInfo"]) == _pool_of(other["poolInfo"])


def _pool_of(info: JsonObject) -> tuple[str, JsonObject | None]:
    """Return what names a job's pool. Ids are compared without case."""
    return info.get("poolId", "").casefold(), info.get("autoPoolSpecification")


def _check_auto_scale(body: JsonObject, complete: JsonObject) -> None:
    """Source: REST reference, Add Pool: a formula instead of targets."""
    for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
        if body.get(name) is not None:
            text = f"{name} must not be given where enableAutoScale is true."
            raise errors.BatchError(400, "InvalidAutoScalingSettings", text, {"PropertyName": name})
    if "autoScaleFormula" not in complete:
        raise errors.missing_property("autoScaleFormula")
    scaling.check_settings(complete["autoScaleFormula"], times.duration(complete["autoScaleEvaluationInterval"]))


def _check_dependencies(depends_on: JsonObject, job_body: JsonObject) -> None:
    if not job_body["usesTaskDependencies"]:
        # Source: azure-sdk-for-python issues 27859 and 42399; the REST reference names another code.
        raise errors.unsupported_property("dependsOn")
    for span in depends_on.get("taskIdRanges", ()):
        if span["start"] > span["end"]:
            raise errors.invalid_property("dependsOn.taskIdRanges", span, "start must not lie after end")
    ids = "".join(depends_on.get("taskIds", ()))
    ranges = "".join(f"{span['start']}{span['end']}" for span in depends_on.get("taskIdRanges", ()))
    for code, text in (("TaskDependencyListTooLong", ids), ("TaskDependencyRangesTooLong", ranges)):
        if len(text) > MOST_DEPENDENCY_CHARACTERS:
            message = (
                f"The dependencies of the task have {len(text)} characters; {MOST_DEPENDENCY_CHARACTERS} are allowed."
            )
            raise errors.BatchError(400, code, message)


def _check_exit_conditions(conditions: JsonObject, job_body: JsonObject) -> None:
    mapped = [
        mapping["exitOptions"] for name in ("exitCodes", "exitCodeRanges") for mapping in conditions.get(name, ())
    ]
    single = [conditions[name] for name in ("preProcessingError", "fileUploadError", "default") if name in conditions]
    actions = [options["jobAction"] for options in mapped + single if "jobAction" in options]
    if actions and job_body["onTaskFailure"] == TaskFailureMode.NO_ACTION:
        reason = "a jobAction needs a job with onTaskFailure=performexitoptionsjobaction"
        raise errors.invalid_property("exitConditions", actions[0], reason)
