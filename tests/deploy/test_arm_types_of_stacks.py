"""Everything that the program registers, for each example stack, is what ARM takes in azure-native's versions."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.argument_check import fields_of
from components.argument_fault import camel
from components.environment_args import EnvironmentPool
from components.monitoring.monitoring import MonitoringShape
from components.network.private_network import NetworkShape
from shoal.deploy.resources.arm_types.refusals import refusals
from shoal.deploy.resources.arm_types.type_definition import arm_type, definition
from shoal.deploy.resources.resource_type import ResourceType
from shoal.deploy.resources.resource_types import TYPES
from tests.deploy.declared import STACK_FILES, Declared, declared_resources
from tests.services import REPOSITORY

pytestmark = pytest.mark.xdist_group("declared")  # each program runs once for all of them

POOL = "azure-native:batch:Pool"
DeclaredBy = Callable[[Path], list[Declared]]


@pytest.fixture(scope="module")
def declared_by(tmp_path_factory: pytest.TempPathFactory) -> DeclaredBy:
    return cache(lambda file: declared_resources(file, tmp_path_factory.mktemp("stack")))


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.stem)
def test_azure_would_take_every_resource_of_the_stack(file: Path, declared_by: DeclaredBy) -> None:
    resources = declared_by(file)
    assert {"azure-native:batch:BatchAccount", "azure-native:batch:Pool"} <= {resource.type for resource in resources}
    assert [complaint for resource in resources for complaint in complaints(resource)] == []


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.stem)
def test_what_goes_to_azure_comes_back_as_the_program_said_it(file: Path, declared_by: DeclaredBy) -> None:
    for resource in declared_by(file):
        kind = TYPES[resource.type]
        inputs = {name: value for name, value in resource.inputs.items() if name not in kind.parameters}
        assert kind.inputs(kind.body(inputs)) == inputs, resource.name


ADOPTING = {"resourceGroupId", "batchAccountId", "storageAccountId", "allowedSubnets"}
"""Keys that a stack has instead of accounts and a network of its own."""


def test_file_with_every_option_has_every_option() -> None:
    (file,) = [file for file in STACK_FILES if file.stem == "every-option"]
    config = {key.removeprefix("shoal:"): value for key, value in yaml.safe_load(file.read_text())["config"].items()}
    keys = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"].keys()
    assert keys - config.keys() == ADOPTING | {"authentication"}
    assert aliases(NetworkShape) - config["network"].keys() == set()
    assert aliases(MonitoringShape) - config["monitoring"].keys() == set()
    used = {key for pool in config["pools"] for key in pool}
    assert aliases(EnvironmentPool) - used == {
        "publicIp",
        "userAccounts",
    }  # of the network; with a password, which is no example


def aliases(shape: type) -> set[str]:
    return {camel(name) for name in fields_of(shape)}


def complaints(resource: Declared, types: Mapping[str, ResourceType] = TYPES) -> list[str]:
    kind = types.get(resource.type)
    if kind is None:
        return [f"{resource.type} ({resource.name}) has no row in shoal/deploy/resources/resource_types.py"]
    if definition(arm_type(kind.path), kind.api_version) is None:
        return [f"{resource.type} has no table; name {arm_type(kind.path)}@{kind.api_version} in tools/arm_types.py"]
    return [f"{resource.type} {resource.name}: {refusal}" for refusal in refusals(kind, resource.inputs)]


def test_type_without_row_or_table_is_a_complaint() -> None:
    pool = Declared(type=POOL, name="spot", inputs={})
    assert complaints(pool, {}) == [f"{POOL} (spot) has no row in shoal/deploy/resources/resource_types.py"]
    assert complaints(pool, {POOL: replace(TYPES[POOL], api_version="1999-01-01")}) == [
        f"{POOL} has no table; name Microsoft.Batch/batchAccounts/pools@1999-01-01 in tools/arm_types.py"
    ]


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("vmSize",), None, []),
        (("startTask", "commandLine"), 7, ["startTask.commandLine is 7; it must be text"]),
        (("scaleSettings", "autoScale", "formula"), None, ["scaleSettings.autoScale.formula is missing"]),
        (
            ("taskSchedulingPolicy", "nodeFillType"),
            "Packed",
            ["taskSchedulingPolicy.nodeFillType is 'Packed'; it must be Pack or Spread"],
        ),
        (("taskSlotPerNode",), 4, ["taskSlotPerNode is not known to Azure; did you mean taskSlotsPerNode?"]),
        (("allocationState",), "Steady", ["allocationState is set by Azure; leave it out"]),
        (("applicationPackages", 0, "id"), None, ["applicationPackages[0].id is missing"]),
        (("poolName",), "spot pool", ["poolName is 'spot pool'; it must match ^[a-zA-Z0-9_-]+$"]),
    ],
)
def test_what_is_spoiled_in_a_real_pool_is_named(
    place: tuple[str | int, ...], value: Any, complaint: list[str], declared_by: DeclaredBy
) -> None:
    (file,) = [file for file in STACK_FILES if file.stem == "every-option"]
    pool = next(resource for resource in declared_by(file) if resource.name == "following-pool")
    assert refusals(TYPES[POOL], spoiled(pool.inputs, place, value)) == complaint


def spoiled(inputs: Mapping[str, Any], place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The inputs with another value in one place, or without any where it is None."""
    changed = deepcopy(dict(inputs))
    target: Any = changed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return changed
