"""Tasks as they were added, from what Batch returns of them: to be added once more, to a job that continues their run.

Source: Batch REST, Task - Create: the properties that a request may have.
"""

from collections.abc import Callable, Set
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from shoal.runs.job_queries import task_key

WRITABLE = (
    "id",
    "displayName",
    "commandLine",
    "resourceFiles",
    "outputFiles",
    "environmentSettings",
    "requiredSlots",
    "applicationPackageReferences",
    "constraints",
    "exitConditions",
    "containerSettings",
    "userIdentity",
    "multiInstanceSettings",
    "authenticationTokenSettings",
    "affinityInfo",
    "dependsOn",
)
ADDRESSES = frozenset({"httpUrl", "storageContainerUrl", "containerUrl"})
SIGNED = "sig="

Body = dict[str, Any]


def copied(task: Body, renewed: Callable[[str], str]) -> Body:
    """Return the body of a task; `renewed` gives an address that can still be used."""
    return {name: with_renewed(task[name], renewed) for name in WRITABLE if name in task}


def renewal(endpoint: str, sign: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function that gives signed addresses of the account's own containers a new signature.

    All other addresses stay: they are public, are read by the pool's identity, or have a signature from elsewhere.
    """
    signature = cache(sign)

    def renewed(address: str) -> str:
        path, _, query = address.partition("?")
        if SIGNED not in query or not path.startswith(f"{endpoint}/"):
            return address
        container = path.removeprefix(f"{endpoint}/").partition("/")[0]
        return f"{path}?{signature(container)}"

    return renewed


def with_dependencies(body: Body, ids: Set[str]) -> Body:
    """Return the body of a task that depends on these ids only, in lower case: the others have satisfied it."""
    parents = [parent for parent in body.get("dependsOn", {}).get("taskIds") or () if task_key(parent) in ids]
    rest = {name: value for name, value in body.items() if name != "dependsOn"}
    return {**rest, "dependsOn": {"taskIds": parents}} if parents else rest


def has_ranges(body: Body) -> bool:
    return bool(body.get("dependsOn", {}).get("taskIdRanges"))


def with_renewed(value: Any, renewed: Callable[[str], str]) -> Any:
    """Return a value in which every address can still be used."""
    match value:
        case dict():
            return {
                name: renewed(item) if name in ADDRESSES and isinstance(item, str) else with_renewed(item, renewed)
                for name, item in value.items()
            }
        case list():
            return [with_renewed(item, renewed) for item in value]
        case _:
            return value


def output_prefixes(body: Body, container_url: str, folder: str) -> list[str]:
    """Return the prefixes of the blobs that failed attempts of a task may have left among the outputs of its run."""
    written = [
        (file["destination"]["container"], file["uploadOptions"]["uploadCondition"])
        for file in body.get("outputFiles") or ()
    ]
    failure = body.get("executionInfo", {}).get("failureInfo") or {}
    is_half_written = str(failure.get("code", "")).startswith("FileUpload")
    paths = [
        target.get("path", "").split("/")
        for target, condition in written
        if _is_within(target["containerUrl"], container_url) and (is_half_written or condition != "tasksuccess")
    ]
    # FOLDER/STAGE/TASK, then a file's name where the output is no pattern.
    return list(dict.fromkeys("/".join(parts[:3]) + "/" for parts in paths if parts[0] == folder and len(parts) > 2))


def _is_within(address: str, container_url: str) -> bool:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/") == container_url
