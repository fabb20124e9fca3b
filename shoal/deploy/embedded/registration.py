"""A resource as the program registers it, read from Pulumi's request; unsupported options are refused."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi.runtime.proto import resource_pb2

from shoal.deploy.resources.properties import Inputs, decode
from shoal.deploy.resources.resource_type import PROVIDER, ResourceType
from shoal.deploy.resources.resource_types import find_type
from shoal.deploy.resources.urns import STACK_TYPE
from shoal.errors import BadInput

Request = resource_pb2.RegisterResourceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    urn: str
    kind: ResourceType
    name: str
    inputs: Inputs
    provider: str
    """Reference to an explicit provider, or empty."""
    aliases: tuple[str, ...]
    """Earlier URNs of the resource."""
    ignored: frozenset[str]
    """Inputs whose changes are ignored: the service keeps its values."""
    replaced_by: frozenset[str]
    """Inputs whose changes the program declares to force a replacement."""
    delete_before_replace: bool | None
    protect: bool
    retain: bool
    """True if the resource is only forgotten, not deleted, when it is no longer declared."""
    secret_outputs: frozenset[str]
    deleted_with: str
    """URN of a resource whose deletion deletes this one too, or empty."""


def registration(request: Request, urn: str) -> Registration:
    """Read a request. Raises BadInput, which names each option and type that only Pulumi's own engine supports."""
    refuse_unsupported(request)
    return Registration(
        urn=urn,
        kind=find_type(request.type, request.name),
        name=request.name,
        inputs=decode(request.object),
        provider=request.provider,
        # The SDK writes the stack's own type into aliases of its children, which URNs leave out.
        aliases=tuple(alias.replace(f"{STACK_TYPE}$", "") for alias in request.aliasURNs),
        ignored=frozenset(request.ignoreChanges),
        replaced_by=frozenset(request.replaceOnChanges),
        # On the wire, an option that is not set is False as well.
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        protect=request.protect,
        retain=request.retainOnDelete,
        secret_outputs=frozenset(request.additionalSecretOutputs),
        deleted_with=request.deletedWith,
    )


def refuse_unsupported(request: Request) -> None:
    unsupported = ", ".join(_unsupported(request))
    if unsupported:
        raise BadInput(f"{request.type} {request.name} uses {unsupported}, which only Pulumi's own engine supports")


def _unsupported(request: Request) -> Iterator[str]:
    if request.remote:
        yield "a remote component"
    if request.type.startswith("pulumi-python:"):
        yield "a dynamic resource"
    if (
        request.custom
        and request.type.startswith("pulumi:providers:")
        and request.type != f"pulumi:providers:{PROVIDER}"
    ):
        yield "another provider than azure-native"
    if request.importId:
        yield "import"
    if request.packageRef:
        yield "a parameterized package"
    for option, names in (("ignore_changes", request.ignoreChanges), ("replace_on_changes", request.replaceOnChanges)):
        if any("." in name or "[" in name for name in names):
            yield f"{option} of a nested property"
    if "*" in request.ignoreChanges:
        yield "ignore_changes of everything"
    if request.HasField("replacement_trigger"):
        yield "replacement_trigger"
