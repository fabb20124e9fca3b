"""The tables on disk, each read when a resource of it is first looked up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from shoal.deploy.resources.arm_types.shapes import Object, Reference, Shape, joined, object_shape, shape

DIRECTORY = Path(__file__).parent / "tables"
ENVELOPE = "properties"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One type of resource: what it may be called and what its body may hold."""

    name: Shape
    body: Object
    objects: Mapping[str, Any]
    """The entries of the table that `body` may refer to."""
    _shapes: dict[str, Object] = field(default_factory=dict)

    def object(self, name: str) -> Object:
        if name not in self._shapes:
            self._shapes[name] = object_shape(self.objects[name])
        return self._shapes[name]

    def variant(self, shape: Object, value: Mapping[str, Any]) -> Object:
        """The object with the properties of what the value says it is; as it is where it says nothing known."""
        word = value.get(shape.discriminator or "")
        special = shape.variants.get(word) if isinstance(word, str) else None
        return shape if special is None else joined(shape, self.object(special))

    def envelope(self, shape: Object) -> Object | None:
        """What holds most properties of a resource, and of many a part of one."""
        reference = shape.properties.get(ENVELOPE)
        return self.object(reference.object) if isinstance(reference, Reference) else None


@cache
def definition(arm_type: str, api_version: str) -> Definition | None:
    """None where the project has no table of the type: `Microsoft.Batch/batchAccounts/pools` and its like."""
    provider, _, _ = arm_type.partition("/")
    file = DIRECTORY / f"{provider}@{api_version}.json".lower()
    if not file.is_file():
        return None
    table = _table(file)
    found = table["resources"].get(arm_type)
    if found is None:
        return None
    name, body = shape(found["name"]), object_shape(table["objects"][found["body"]])
    named = replace(body, properties={**body.properties, "name": name})
    return Definition(name=name, body=named, objects=table["objects"])


@cache
def _table(file: Path) -> Any:
    return json.loads(file.read_text())


def arm_type(path: str) -> str:
    """Of a resource's path or the template of one, as `ResourceType.path`: every second segment after the provider.

    A resource group has no provider in its path.
    """
    *_, last = path.rpartition("/providers/")
    provider, *segments = last.strip("/").split("/")
    if provider == "subscriptions":
        return "Microsoft.Resources/resourceGroups"
    return "/".join((provider, *segments[::2]))
