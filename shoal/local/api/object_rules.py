"""Rules between the values of one object, by the object's name. Pure.

`shapes` applies them once the values themselves have been checked. A rule gets the object and a function that gives the
path of one of its properties, and raises BatchError.
Sources: docstrings of azure-batch 15.1 under the same names, which repeat the REST reference; others stand beside.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from shoal.azure.id_patterns import BATCH_ID
from shoal.azure.limits import (
    FRONTEND_PORTS,
    FRONTEND_PORTS_PER_RANGE,
    NETWORK_RULES_PER_POOL,
    RESERVED_FRONTEND_PORTS,
    START_TASK_CHARACTERS,
)
from shoal.local import errors

JsonObject = dict[str, Any]
PathOf = Callable[[str], str]
Rule = Callable[[JsonObject, PathOf], None]


def _user_identity(identity: JsonObject, path: PathOf) -> None:
    if "username" in identity and "autoUser" in identity:
        raise errors.invalid_property(path("autoUser"), None, "it excludes username")


def _linux_user(user: JsonObject, path: PathOf) -> None:
    given = user.keys() & {"uid", "gid"}
    if len(given) == 1:
        (name,) = given
        raise errors.invalid_property(path(name), user[name], "uid and gid are given together or not at all")


def _metadata_item(item: JsonObject, path: PathOf) -> None:
    """Source: REST reference, Batch status and error codes, EmptyMetadataKey."""
    if not item["name"]:
        text = "The key for one of the metadata key-value pairs is empty."
        raise errors.BatchError(400, "EmptyMetadataKey", text, {"PropertyName": path("name")})


def _start_task(task: JsonObject, path: PathOf) -> None:
    parts = ("commandLine", "resourceFiles", "environmentSettings")
    length = sum(map(len, _texts([task.get(name) for name in parts])))
    if length > START_TASK_CHARACTERS:
        reason = (
            f"{length} characters with resource files and environment settings; {START_TASK_CHARACTERS} are allowed"
        )
        raise errors.invalid_property(path("commandLine"), None, reason)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(value.values()))
        case list():
            for item in value:
                yield from _texts(item)


def _dependencies(depends_on: JsonObject, path: PathOf) -> None:
    for position, task_id in enumerate(depends_on.get("taskIds", ())):
        if (reason := BATCH_ID.fault(task_id)) is not None:
            raise errors.invalid_property(path(f"taskIds[{position}]"), task_id, reason)


def _exit_code_range(mapping: JsonObject, path: PathOf) -> None:
    if mapping["start"] > mapping["end"]:
        raise errors.invalid_property(path("start"), mapping["start"], f"it lies after end, {mapping['end']}")


def _exit_conditions(conditions: JsonObject, path: PathOf) -> None:
    _require_distinct((mapping["code"] for mapping in conditions.get("exitCodes", ())), path("exitCodes"), "code")


def _output_destination(destination: JsonObject, path: PathOf) -> None:
    if "container" not in destination:
        raise errors.missing_property(path("container"))


def _endpoints(configuration: JsonObject, path: PathOf) -> None:
    pools = configuration["inboundNATPools"]
    for name in ("name", "backendPort"):
        _require_distinct((pool[name] for pool in pools), path("inboundNATPools"), name)
    ranges = sorted((pool["frontendPortRangeStart"], pool["frontendPortRangeEnd"]) for pool in pools)
    for (_, end), (start, _) in pairwise(ranges):
        if start <= end:
            raise errors.invalid_property(path("inboundNATPools"), start, "ranges of frontend ports must not overlap")
    rules = [rule for pool in pools for rule in pool.get("networkSecurityGroupRules", ())]
    if len(rules) > NETWORK_RULES_PER_POOL:
        reason = f"at most {NETWORK_RULES_PER_POOL} networkSecurityGroupRules are allowed in a pool"
        raise errors.invalid_property(path("inboundNATPools"), len(rules), reason)


def _nat_pool(pool: JsonObject, path: PathOf) -> None:
    start, end = pool["frontendPortRangeStart"], pool["frontendPortRangeEnd"]
    for name in ("frontendPortRangeStart", "frontendPortRangeEnd"):
        if pool[name] not in FRONTEND_PORTS or pool[name] in RESERVED_FRONTEND_PORTS:
            allowed = f"{FRONTEND_PORTS[0]} to {FRONTEND_PORTS[-1]} is allowed"
            reserved = f"{RESERVED_FRONTEND_PORTS[0]} to {RESERVED_FRONTEND_PORTS[-1]} is reserved"
            raise errors.invalid_property(path(name), pool[name], f"{allowed}, but {reserved}")
    if end - start + 1 < FRONTEND_PORTS_PER_RANGE:
        reason = f"a range has {FRONTEND_PORTS_PER_RANGE} ports or more"
        raise errors.invalid_property(path("frontendPortRangeEnd"), end, reason)
    if start < RESERVED_FRONTEND_PORTS[0] and end > RESERVED_FRONTEND_PORTS[-1]:
        raise errors.invalid_property(path("frontendPortRangeEnd"), end, "the range contains reserved ports")


def _machine(machine: JsonObject, path: PathOf) -> None:
    if machine.get("windowsConfiguration") and not _is_windows(machine):
        raise errors.invalid_property(path("windowsConfiguration"), None, "the image is one of Linux")
    _require_distinct((disk["lun"] for disk in machine.get("dataDisks", ())), path("dataDisks"), "lun")


def _pool(pool: JsonObject, path: PathOf) -> None:
    accounts = pool.get("userAccounts", ())
    _require_distinct((account["name"] for account in accounts), path("userAccounts"), "name")
    mounts = (kind["relativeMountPath"] for mount in pool.get("mountConfiguration", ()) for kind in mount.values())
    _require_distinct(mounts, path("mountConfiguration"), "relativeMountPath")
    machine = pool.get("virtualMachineConfiguration")
    if machine is None or _is_windows(machine):
        return
    for position, account in enumerate(accounts):
        if account.get("windowsUserConfiguration"):
            name = path(f"userAccounts[{position}].windowsUserConfiguration")
            raise errors.invalid_property(name, None, "the image is one of Linux")


def _is_windows(machine: JsonObject) -> bool:
    return "windows" in machine["nodeAgentSKUId"].lower()


def _logs(request: JsonObject, path: PathOf) -> None:
    # Both have been written in the same form, in UTC, so they compare as text.
    if "endTime" in request and request["endTime"] < request["startTime"]:
        raise errors.invalid_property(path("endTime"), request["endTime"], "it lies before startTime")


def _scale(settings: JsonObject, path: PathOf) -> None:
    """Source: azure-mgmt-batch 19.0, ScaleSettings, fixedScale."""
    if "fixedScale" in settings and "autoScale" in settings:
        raise errors.invalid_property(path("fixedScale"), None, "it excludes autoScale")


def _require_distinct(values: Iterable[Any], path: str, name: str) -> None:
    """Raises BatchError InvalidPropertyValue where a value comes twice in a list."""
    seen = set()
    for value in values:
        if value in seen:
            raise errors.invalid_property(path, value, f"each has a {name} of its own")
        seen.add(value)


OBJECT_RULES: Mapping[str, Rule] = {
    "BatchInboundNatPool": _nat_pool,
    "BatchMetadataItem": _metadata_item,
    "BatchPoolCreateOptions": _pool,
    "BatchPoolEndpointConfiguration": _endpoints,
    "BatchPoolSpecification": _pool,
    "BatchPoolUpdateOptions": _pool,
    "BatchStartTask": _start_task,
    "BatchTaskDependencies": _dependencies,
    "ExitCodeRangeMapping": _exit_code_range,
    "ExitConditions": _exit_conditions,
    "LinuxUserConfiguration": _linux_user,
    "OutputFileDestination": _output_destination,
    "UploadBatchServiceLogsOptions": _logs,
    "UserIdentity": _user_identity,
    "VirtualMachineConfiguration": _machine,
}

ARM_RULES: Mapping[str, Rule] = {"ScaleSettings": _scale}
