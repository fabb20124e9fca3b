"""From a program's spelling to ARM's, as azure-native does it: envelopes that it flattens, names that it changes. Pure.

Source: the schema of pulumi-azure-native 3.29 (`x-ms-client-flatten` and `x-ms-client-name` in azure-rest-api-specs).
"""

from collections.abc import Mapping
from typing import Any

from shoal.deploy.arm_types.shapes import Items, Object, Reference, Shape
from shoal.deploy.arm_types.tables import ENVELOPE, Definition

RENAMED = {
    "encryptionFederatedIdentityClientId": "federatedIdentityClientId",
    "encryptionIdentity": "identity",
    "encryptionUserAssignedIdentity": "userAssignedIdentity",
    "iPAddressOrRange": "value",
    "keyName": "keyname",
    "keyVaultProperties": "keyvaultproperties",
    "keyVaultUri": "keyvaulturi",
    "keyVersion": "keyversion",
    "odataType": "odata.type",
    "userName": "username",
    "virtualNetworkResourceId": "id",
}
"""From the program's name to ARM's, where an object has a property of the second name and none of the first."""


def nested(known: Definition, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with the envelopes, on every level, that are flattened away in it; the outermost is always there.

    Names that nobody knows stay where they are.
    """
    found = _nested(known, known.body, body)
    return found if known.envelope(known.body) is None else {ENVELOPE: {}, **found}


def _nested(known: Definition, shape: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, {_arm_name(name, shape): item for name, item in value.items()})
    envelope = known.envelope(shape)
    if envelope is not None and ENVELOPE not in value:
        value = _enveloped(shape, envelope, value)
    renamed = {_arm_name(name, shape): item for name, item in value.items()}
    return {name: _deeper(known, shape.properties.get(name, shape.others), item) for name, item in renamed.items()}


def _enveloped(shape: Object, envelope: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    outside: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for name, item in value.items():
        if not _knows(shape, name) and _knows(envelope, name):
            inside[name] = item
        else:
            outside[name] = item
    return {**outside, ENVELOPE: inside} if inside else outside


def _knows(shape: Object, name: str) -> bool:
    return name in shape.read_only or _arm_name(name, shape) in shape.properties


def _deeper(known: Definition, shape: Shape | None, value: Any) -> Any:
    match shape, value:
        case Reference(object=name), Mapping():
            return _nested(known, known.object(name), value)
        case Items(shape=of_item), list():
            return [_deeper(known, of_item, item) for item in value]
        case _:
            return value


def _arm_name(name: str, shape: Object) -> str:
    other = RENAMED.get(name, name)
    known = (*shape.properties, shape.discriminator)
    return other if other in known and name not in known else name
