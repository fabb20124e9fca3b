"""Both engines leave the same in the service."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shoal.arm import ArmClient
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.resources.resource_types import TYPES
from tests.deploy.stacks import Stack

pytestmark = pytest.mark.pulumi

VOLATILE = {"etag", "principalId", "clientId", "creationTime", "createdOn", "updatedOn", "storageUrl", "id", "name"}
TIMED = re.compile(r"Time$|TimeStamp$|Expiry$|^last|^autoScaleRun$", re.IGNORECASE)


def lasting(value: Any) -> Any:
    """Without what differs between two deployments of one engine."""
    match value:
        case dict():
            return {
                name: lasting(item)
                for name, item in sorted(value.items())
                if name not in VOLATILE and not TIMED.search(name)
            }
        case list():
            return [lasting(item) for item in value]
        case _:
            return value


def left_in_the_service(arm: ArmClient, resources: list[tuple[str, str]]) -> list[str]:
    """One text for each resource, of a type and an id: what the service says of it."""
    found = [(token, arm.get(id_, TYPES[token].api_version)) for token, id_ in resources]
    assert all(resource for _, resource in found)
    return sorted(f"{token} {json.dumps(lasting(resource))}" for token, resource in found)


def test_both_engines_leave_the_same_in_the_service(stack: Stack) -> None:
    arm = stack.project.service.arm
    assert "17 created" in stack.project.shoal("up", "-y", "-s", stack.name, "--engine", "embedded").stdout
    record = load_record(arm, "shoal", stack.name)
    assert record is not None
    embedded = left_in_the_service(arm, [(resource.type, resource.id) for resource in record.resources])
    document = stack.project.shoal("outputs", "-s", stack.name, "--json").stdout
    assert stack.project.shoal("down", "-y", "-s", stack.name).returncode == 0
    stack.up()
    state = Path(stack.project.status.state_dir) / "pulumi" / "state" / ".pulumi" / "stacks" / "shoal"
    resources = json.loads((state / f"{stack.name}.json").read_text())["checkpoint"]["latest"]["resources"]
    declared = [(one["type"], one["id"]) for one in resources if one["type"] in TYPES]
    assert left_in_the_service(arm, declared) == embedded
    assert stack.project.shoal("outputs", "-s", stack.name, "--json").stdout == document
