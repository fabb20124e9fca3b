"""Tags by which costs are found again: of which project and stack a resource is."""

import re
from collections.abc import Iterator, Mapping

import pulumi

NAME = re.compile(r"[^<>%&\\?/]{1,128}")
"""Source: ARM's rules for tags; 128 characters rather than 512 because of storage accounts."""
LONGEST_VALUE = 256
MOST = 50
OWN = ("managed-by", "shoal-project", "shoal-stack")


def own_tags() -> dict[str, str]:
    return dict(zip(OWN, ("shoal", pulumi.get_project(), pulumi.get_stack()), strict=True))


def stack_tags(given: Mapping[str, str]) -> dict[str, str]:
    """What is given wins."""
    return {**own_tags(), **given}


def tags_faults(tags: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with them, as it follows what they are of and "has"."""
    if len(tags) > (most := MOST - len(OWN)):
        yield f"{len(tags)} tags; Azure allows {MOST}, and {len(OWN)} are the stack's own, so give at most {most}"
    for name, value in tags.items():
        if not NAME.fullmatch(name):
            yield f"{name!r}; a tag's name must have 1 to 128 characters and none of < > % & \\ ? /"
        if len(value) > LONGEST_VALUE:
            yield f"{len(value)} characters in {name!r}; a tag's value must have at most {LONGEST_VALUE}"
