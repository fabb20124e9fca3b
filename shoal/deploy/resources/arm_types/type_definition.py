"""Definitions of ARM types, from the tables on disk; a table is read when one of its types is first looked up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from shoal.deploy.resources.arm_types.body_shapes import (
    ObjectReference,
    ObjectShape,
    Shape,
    joined,
    object_shape,
    shape,
)

DIRECTORY = Path(__file__).parent / "tables"
ENVELOPE = "properties"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDefinition:
    """One type of resource: the shape of its name and of its body."""

    name: Shape
    body: ObjectShape
    objects: Mapping[str, Any]
    """The entries of the table that `body` may refer to."""
    _shapes: dict[str, ObjectShape] = field(default_factory=dict)

    def object(self, name: str) -> ObjectShape:
        if name not in self._shapes:
            self._shapes[name] = object_shape(self.objects[name])
        return self._shapes[name]

    def variant(self, shape: ObjectShape, value: Mapping[str, Any]) -> ObjectShape:
        """Return the object with the properties of the value's own variant; unchanged where the variant is unknown."""
        word = value.get(shape.discriminator or "")
        special = shape.variants.get(word) if isinstance(word, str) else None
        return shape if special is None else joined(shape, self.object(special))

    def envelope(self, shape: ObjectShape) -> ObjectShape | None:
        """Return the shape of the `properties` in a resource or a part of one; None where it has no such envelope."""
        reference = shape.properties.get(ENVELOPE)
        return self.object(reference.object) if isinstance(reference, ObjectReference) else None


@cache
def definition(arm_type: str, api_version: str) -> TypeDefinition | None:
    """Return the definition of a type such as `Microsoft.Batch/batchAccounts/pools`, or None where no table has it."""
    provider, _, _ = arm_type.partition("/")
    file = DIRECTORY / f"{provider}@{api_version}.json".lower()
    if not file.is_file():
        return None
    table = _table(file)
    entry = table["resources"].get(arm_type)
    if entry is None:
        return None
    name, body = shape(entry["name"]), object_shape(table["objects"][entry["body"]])
    named = replace(body, properties={**body.properties, "name": name})
    return TypeDefinition(name=name, body=named, objects=table["objects"])


@cache
def _table(file: Path) -> Any:
    return json.loads(file.read_text())


def arm_type(path: str) -> str:
    """Return the type in a resource's path, or in a template such as `ResourceType.path`.

    The provider is followed by pairs of a type and a name.
    """
    *_, last = path.rpartition("/providers/")
    provider, *segments = last.strip("/").split("/")
    if provider == "subscriptions":  # the path of a resource group names no provider
        return "Microsoft.Resources/resourceGroups"
    return "/".join((provider, *segments[::2]))
