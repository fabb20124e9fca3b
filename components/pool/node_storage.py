"""The storage account that a pool's nodes reach by their identity, never by a key or a signature."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import batch

from ..argument_fault import ArgumentFault, Spelling

NEEDED = ("storage_account_name", "blob_endpoint", "node_identity_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStorage:
    account_name: pulumi.Input[str]
    blob_endpoint: pulumi.Input[str]
    """Blob endpoint with scheme, no trailing slash."""
    identity_id: pulumi.Input[str]

    @property
    def identity(self) -> batch.ComputeNodeIdentityReferenceArgsDict:
        return {"resource_id": self.identity_id}

    def container_url(self, container: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.blob_endpoint, "/", container)


def node_storage(args: Mapping[str, Any]) -> NodeStorage | None:
    """Return the storage of a pool, or None if it is given none; `faults` refuses containers then."""
    if any(name not in args for name in NEEDED):
        return None
    account_name, blob_endpoint, identity_id = (args[name] for name in NEEDED)
    return NodeStorage(account_name=account_name, blob_endpoint=blob_endpoint, identity_id=identity_id)


def faults(args: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield containers of a pool that is given no storage account."""
    missing = [spelling(name) for name in NEEDED if name not in args]
    start_task = args.get("start_task", {})
    for path, entries in (
        ("mounts", args.get("mounts", ())),
        ("start_task.resource_files", start_task.get("resource_files", ())),
    ):
        for i, entry in enumerate(entries):
            if missing and "container" in entry:
                text = f"is {entry['container']}, for which the pool needs {', '.join(missing)}"
                yield ArgumentFault(at=spelling(f"{path}[{i}].container"), text=text)
