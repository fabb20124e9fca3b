"""Property values between Pulumi's wire form (a protobuf Struct with marker objects) and plain JSON values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is known only after the deployment. Source: pulumi.runtime.rpc.UNKNOWN."""
MARKER = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OTHER_KINDS = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
    "5cf8f73096256a8f31e491e813e4eb8e": "a resource",
    "d0e6a833031e9bbcd3f4e8bde6ca49a4": "an output value",
}
"""Source of all markers: Pulumi's sdk/go/common/resource/sig."""
MASK = "[secret]"


class UnsupportedValue(Exception):
    """A kind of value that the embedded engine does not support."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    values: Mapping[str, Any]
    """Values without markers; unknown ones are UNKNOWN."""
    secret: frozenset[str]
    """Names of the top-level inputs that contain a secret."""

    @property
    def masked(self) -> dict[str, Any]:
        """The values to print."""
        return {name: MASK if name in self.secret else value for name, value in self.values.items()}


def decode(struct: Struct) -> Inputs:
    raw = json_format.MessageToDict(struct)
    return Inputs(
        values={name: _plain(value, mask=False) for name, value in raw.items()},
        secret=frozenset(name for name, value in raw.items() if _holds_secret(value)),
    )


def decode_masked(struct: Struct) -> dict[str, Any]:
    return masked(json_format.MessageToDict(struct))


def masked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return values to keep and print: secrets are masked, and assets are replaced by a word."""
    # A Struct's map has no order of its own; sorted, the same outputs are the same text in each run.
    return {name: _plain(value, mask=True) for name, value in sorted(raw.items())}


def encode(values: Mapping[str, Any], secret: Collection[str] = ()) -> Struct:
    marked = {
        name: {MARKER: SECRET, "value": value} if name in secret and value is not None else value
        for name, value in values.items()
    }
    return json_format.ParseDict(marked, Struct())


def is_known(value: Any) -> bool:
    """True if no part of the value is UNKNOWN."""
    return not _holds(value, UNKNOWN)


def is_readable(value: Any) -> bool:
    """True if no part of the value is UNKNOWN or masked."""
    return is_known(value) and not _holds(value, MASK)


def _holds(value: Any, stand_in: str) -> bool:
    match value:
        case dict():
            return any(_holds(item, stand_in) for item in value.values())
        case list():
            return any(_holds(item, stand_in) for item in value)
        case _:
            return bool(value == stand_in)


def _plain(value: Any, *, mask: bool) -> Any:
    match value:
        case dict() if MARKER in value:
            return _marked(value, value[MARKER], mask=mask)
        case dict():
            return {name: _plain(item, mask=mask) for name, item in sorted(value.items())}
        case list():
            return [_plain(item, mask=mask) for item in value]
        # A Struct knows only doubles; a whole number must not reach ARM as 4.0.
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _marked(value: Mapping[str, Any], kind: str, *, mask: bool) -> Any:
    if kind == SECRET:
        return MASK if mask else _plain(value["value"], mask=mask)
    name = OTHER_KINDS.get(kind, kind)
    if mask:
        return f"[{name}]"
    raise UnsupportedValue(f"{name} as a property (no resource of the embedded service accepts one)")


def _holds_secret(value: Any) -> bool:
    match value:
        case dict():
            return value.get(MARKER) == SECRET or any(_holds_secret(item) for item in value.values())
        case list():
            return any(_holds_secret(item) for item in value)
        case _:
            return False
