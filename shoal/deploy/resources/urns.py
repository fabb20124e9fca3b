"""URNs, the names of resources in a stack, as Pulumi's engine forms them: `urn:pulumi:STACK::PROJECT::TYPES::NAME`."""

STACK_TYPE = "pulumi:pulumi:Stack"


def resource_urn(*, stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """Return the URN of a resource; its types leave out the stack's own.

    Source: Pulumi's sdk/go/common/resource/urn, Urn.New.
    """
    types = qualified_type(parent) if parent else ""
    prefix = f"{types}$" if types and types != STACK_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{kind}::{name}"


def qualified_type(urn: str) -> str:
    return urn.split("::", 3)[2]


def resource_name(urn: str) -> str:
    return urn.split("::", 3)[3]


def resource_type(urn: str) -> str:
    return qualified_type(urn).rsplit("$", 1)[-1]
