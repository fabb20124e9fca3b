"""A type of azure-native, and the ARM path and body of its resources.

A resource's inputs are the parameters of its path and the properties of its body, with ARM's `properties` envelope
flattened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from shoal.deploy.resources.arm_types.nesting import flattened, nested
from shoal.deploy.resources.arm_types.type_definition import TypeDefinition, arm_type, definition
from shoal.errors import BadInput

PROVIDER = "azure-native"
GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"


class Autoname(Enum):
    """The name of a resource to which the program gives none."""

    RANDOM = 1
    """The logical name and eight hexadecimal digits."""
    COPY = 2
    """The logical name."""
    UUID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    token: str
    path: str
    api_version: str
    autoname: Autoname
    located: bool = False
    """True if it gets the stack's or its group's location unless the program gives one."""
    replaced_by: frozenset[str] = frozenset()
    """Inputs that ARM cannot change in place, beside the parameters of the path."""
    flattened: bool = True
    """True if outputs have ARM's `properties` flattened."""
    at_rest: Mapping[str, Any] | None = None
    """For a type that exists as long as its parent, and is never made or deleted: the properties it is reset to."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the inputs in the path; the last is the resource's name."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def name_property(self) -> str:
        return self.parameters[-1]

    def arm_id(self, subscription_id: str, inputs: Mapping[str, Any]) -> str:
        """Return the resource's id. Raises BadInput if a parameter of the path is missing."""
        if missing := [name for name in self.parameters if not inputs.get(name)]:
            raise BadInput(f"{self.token} needs {', '.join(missing)}")
        # A scope is an id itself, and begins with the slash that the path has already.
        values = {name: str(inputs[name]).strip("/") for name in self.parameters}
        return self.path.format(subscriptionId=subscription_id, **values)

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the ARM body of a PUT."""
        properties = {name: value for name, value in inputs.items() if name not in self.parameters}
        if "identity" in properties:
            properties["identity"] = _identity_map(properties["identity"])
        return nested(self.definition, properties)

    def inputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs that would declare a resource as ARM returns it; read-only properties are among them."""
        properties = {**self.outputs(resource), **self.parameters_of(str(resource.get("id", "")))}
        return {name: _identity_list(value) if name == "identity" else value for name, value in properties.items()}

    def parameters_of(self, id_: str) -> dict[str, str]:
        """Return the parameters of the path from an id; none if it is not the id of such a resource."""
        # A parameter at the very front is a scope, which has slashes of its own; any other is one segment.
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", re.sub(r"^/{(\w+)}", r"(?P<\1>/.+)", self.path))
        match = re.fullmatch(pattern, id_, re.IGNORECASE)
        return {name: match[name] for name in self.parameters} if match else {}

    def outputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Return a resource as ARM returns it in the program's spelling, without its id."""
        properties = flattened(self.definition, resource) if self.flattened else dict(resource)
        return {name: value for name, value in properties.items() if name != "id"}

    @property
    def definition(self) -> TypeDefinition:
        """The shape of its name and body in ARM. Raises LookupError where no table has the type."""
        type_ = arm_type(self.path)
        type_definition = definition(type_, self.api_version)
        if type_definition is None:
            raise LookupError(f"there is no table of {type_} in version {self.api_version}")
        return type_definition


def _identity_map(identity: Any) -> Any:
    """Turn a program's list of identities into ARM's map."""
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": {id_: {} for id_ in ids}} if isinstance(ids, list) else identity


def _identity_list(identity: Any) -> Any:
    """Turn ARM's map of identities into a program's list."""
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": list(ids)} if isinstance(ids, Mapping) else identity
