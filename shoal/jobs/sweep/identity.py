"""Task ids made of a task's point, so that submitting again finds the same task."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson

from shoal.errors import BadInput

MAX_LENGTH = 64
"""Source: Batch REST, Task - Create, `id`: letters, digits, hyphens and underscores, at most 64."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
"""Source: RFC 4648, base 32, in lower case."""
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
"""Ten bits each."""
_SHIFTS = (54, 44, 34, 24, 14, 4)
"""Of the pairs in the first 60 of 64 bits."""
_HASH_LENGTH = 2 * len(_SHIFTS)
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


def point_key(point: Mapping[str, Any]) -> bytes:
    """Return equal keys for equal points, in any order of their axes; 5, 5.0 and "5" are different values."""
    try:
        return orjson.dumps(point, option=orjson.OPT_SORT_KEYS)
    except TypeError as exc:  # more than 64 bits, or half of a surrogate pair
        raise BadInput(f"a value of the point cannot be sent as JSON: {exc}") from exc


def task_id(stage: str, point: Mapping[str, Any]) -> str:
    """Return the stage, the point's values in the order of their axes' names while there is room, and 60 bits of hash.

    The hash is in lower case, because ids that differ in case only are one id to Batch.
    """
    bits = int.from_bytes(hashlib.blake2b(point_key(point), digest_size=8).digest())
    key = "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])  # four times as fast as base64.b32encode
    room = MAX_LENGTH - len(stage) - _HASH_LENGTH - 2  # the two hyphens
    words = "-".join([str(point[axis]) for axis in sorted(point)])
    readable = _UNFIT.sub("_", words)[:room].strip("-_")
    return f"{stage}-{readable}-{key}" if readable else f"{stage}-{key}"
