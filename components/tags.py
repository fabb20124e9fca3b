"""Tags that tell whose a resource is: its project, its stack, and the stack's own tags."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

import pulumi

from shoal.azure.limits import TAG_NAME_PATTERN, TAG_VALUE_LENGTH, TAGS_PER_RESOURCE

from .argument_fault import ArgumentFault, Spelling
from .argument_types import keeping

OWN = ("managed-by", "shoal-project", "shoal-stack")


def own_tags() -> dict[str, str]:
    return dict(zip(OWN, ("shoal", pulumi.get_project(), pulumi.get_stack()), strict=True))


def stack_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the stack's tags and its own marks; a given tag wins."""
    return {**own_tags(), **tags}


def _faults(tags: Mapping[str, str], _spelling: Spelling) -> Iterator[ArgumentFault]:
    for text in tags_faults(tags):
        yield ArgumentFault(text=f"has {text}")


def tags_faults(tags: Mapping[str, str]) -> Iterator[str]:
    """Yield the rules that tags break, as they follow "has"."""
    # A tag that replaces one of the stack's own takes no room.
    given, most = len(tags.keys() - set(OWN)), TAGS_PER_RESOURCE - len(OWN)
    if given > most:
        allowed = f"Azure allows {TAGS_PER_RESOURCE}, and {len(OWN)} are the stack's own"
        yield f"{given} tags; {allowed}, so give at most {most}"
    for name, value in tags.items():
        if not re.fullmatch(TAG_NAME_PATTERN, name):
            yield f"{name!r}; a tag's name must have 1 to 128 characters and none of < > % & \\ ? /"
        if len(value) > TAG_VALUE_LENGTH:
            yield f"{len(value)} characters in {name!r}; a tag's value must have at most {TAG_VALUE_LENGTH}"


Tags = Annotated[dict[str, str], keeping(_faults)]
