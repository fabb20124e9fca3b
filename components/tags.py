"""Tags by which costs are found again: of which project and stack a resource is."""

import re
from collections.abc import Mapping

import pulumi

NAME = re.compile(r"[^<>%&\\?/]{1,128}")
"""Source: ARM's rules for tags; 128 characters rather than 512 because of storage accounts."""
LONGEST_VALUE = 256
MOST = 50


def own_tags() -> dict[str, str]:
    return {"managed-by": "shoal", "shoal-project": pulumi.get_project(), "shoal-stack": pulumi.get_stack()}


def stack_tags(given: Mapping[str, str]) -> dict[str, str]:
    """What is given wins."""
    return {**own_tags(), **given}


def tag_fault(name: str, value: str) -> str | None:
    """What is wrong with a tag."""
    if not NAME.fullmatch(name):
        return "a tag's name must have 1 to 128 characters and none of < > % & \\ ? /"
    if len(value) > LONGEST_VALUE:
        return f"a tag's value must have at most {LONGEST_VALUE} characters"
    return None
