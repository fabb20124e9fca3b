"""Paths of ARM: which resource, collection or action they name. Segments are compared without case, as ARM does."""

from dataclasses import dataclass

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
GROUPS = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    path: str
    """Decoded, without a trailing slash."""
    scope: str
    """The path before the last `/providers/`; for a group, its subscription."""
    type: str
    """Namespace and types, without names: `Microsoft.Batch/batchAccounts/pools`."""
    names: tuple[str, ...]

    @property
    def is_item(self) -> bool:
        """True where it names one resource, rather than a collection or an action."""
        return len(self.names) == self.type.count("/")

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> str:
        """The path of the resource that this one needs: the one above it, or its scope."""
        return _without_blob_service(self.scope if len(self.names) == 1 else self.path.rsplit("/", 2)[0])

    @property
    def owner(self) -> str:
        """The path of the resource or the scope that a collection belongs to."""
        return _without_blob_service(self.path.rsplit("/", 1)[0]) if self.names else self.scope

    @property
    def group(self) -> str:
        """The resource group's name; empty outside of one."""
        parts = self.path.split("/")
        return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def parse(path: str) -> Target:
    path = f"/{path.strip('/')}"
    scope, marker, rest = _partition_last(path, "/providers/")
    if marker:
        namespace, *segments = rest.split("/")
        return Target(path=path, scope=scope, type="/".join([namespace, *segments[::2]]), names=tuple(segments[1::2]))
    segments = path.strip("/").split("/")
    if len(segments) > 2 and segments[2].lower() == "resourcegroups":
        return Target(
            path=path,
            scope="/".join(["", *segments[:2]]),
            type="/".join([GROUPS, *segments[4:]]),
            names=tuple(segments[3:4]),
        )
    # Subscriptions and tenants stand at the root, as resources of Microsoft.Resources.
    return Target(
        path=path, scope="", type="/".join(["Microsoft.Resources", *segments[::2]]), names=tuple(segments[1::2])
    )


def _without_blob_service(path: str) -> str:
    """Containers stand below an account's one blob service, which is no resource of its own here."""
    suffix = "/blobservices/default"
    return path[: -len(suffix)] if path.lower().endswith(suffix) else path


def _partition_last(path: str, marker: str) -> tuple[str, str, str]:
    at = path.lower().rfind(marker)
    return (path, "", "") if at < 0 else (path[:at], marker, path[at + len(marker) :])
