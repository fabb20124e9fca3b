"""How a type of azure-native becomes an ARM resource.

A resource's inputs are the parameters of its path and the properties of its body, with ARM's `properties` envelope
flattened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from shoal.deploy.resources.arm_types.nesting import flattened, nested
from shoal.deploy.resources.arm_types.tables import Definition, arm_type, definition
from shoal.errors import BadInput

PROVIDER = "azure-native"
GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"


class Autoname(Enum):
    """What a resource is called whose program does not say."""

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
    """Takes the stack's or its group's location unless it says its own."""
    replaced_by: frozenset[str] = frozenset()
    """Inputs that ARM cannot change in place; a parameter of the path never can."""
    flattened: bool = True
    """Whether outputs carry ARM's `properties` flattened."""
    at_rest: Mapping[str, Any] | None = None
    """Of what exists from its parent's first moment to its last: the properties that it is reset to, since it is never
    made or deleted."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The inputs that stand in the path; the last is the name."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def name_property(self) -> str:
        return self.parameters[-1]

    def arm_id(self, subscription_id: str, inputs: Mapping[str, Any]) -> str:
        """Raises BadInput where a parameter of the path is not given."""
        if missing := [name for name in self.parameters if not inputs.get(name)]:
            raise BadInput(f"{self.token} needs {', '.join(missing)}")
        values = {name: str(inputs[name]).strip("/") for name in self.parameters}
        return self.path.format(subscriptionId=subscription_id, **values)

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The ARM body of a PUT."""
        said = {name: value for name, value in inputs.items() if name not in self.parameters}
        if "identity" in said:
            said["identity"] = _identity_map(said["identity"])
        return nested(self.definition, said)

    def inputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """What the program would have to say, of a resource as ARM returns it; what only ARM says is among it."""
        found = {**self.outputs(resource), **self.parameters_of(str(resource.get("id", "")))}
        return {name: _identity_list(value) if name == "identity" else value for name, value in found.items()}

    def parameters_of(self, id_: str) -> dict[str, str]:
        """The parameters of the path, from an id; none where it is not the id of such a resource."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", re.sub(r"^/{(\w+)}", r"(?P<\1>/.+)", self.path))
        found = re.fullmatch(pattern, id_, re.IGNORECASE)
        return {name: found[name] for name in self.parameters} if found else {}

    def outputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """A resource as ARM returns it, in the program's spelling."""
        seen = flattened(self.definition, resource) if self.flattened else dict(resource)
        return {name: value for name, value in seen.items() if name != "id"}

    @property
    def definition(self) -> Definition:
        """What ARM takes of it. Raises LookupError where the project has no table of the type."""
        type_ = arm_type(self.path)
        found = definition(type_, self.api_version)
        if found is None:
            raise LookupError(f"there is no table of {type_} in version {self.api_version}")
        return found


def _identity_map(identity: Any) -> Any:
    """Programs give a list of ids, ARM takes a map."""
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": {id_: {} for id_ in ids}} if isinstance(ids, list) else identity


def _identity_list(identity: Any) -> Any:
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": list(ids)} if isinstance(ids, Mapping) else identity
