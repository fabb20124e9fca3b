"""The tables agree with the installed azure-native: its API versions, its properties, its names for them."""

import json
import runpy
from importlib import import_module
from inspect import getsource

import pytest

from shoal.deploy.resources.arm_types.body_shapes import AnyShape, joined, object_shape
from shoal.deploy.resources.arm_types.nesting import nested
from shoal.deploy.resources.arm_types.refusals import refusals
from shoal.deploy.resources.arm_types.type_definition import DIRECTORY, TypeDefinition
from shoal.deploy.resources.properties import UNKNOWN
from shoal.deploy.resources.resource_types import TYPES
from tests.services import REPOSITORY

MODULES = {
    "microsoft.authorization@2022-04-01": "authorization",
    "microsoft.batch@2024-07-01": "batch",
    "microsoft.consumption@2024-08-01": "consumption",
    "microsoft.insights@2018-03-01": "monitor",
    "microsoft.insights@2021-05-01-preview": "monitor",
    "microsoft.insights@2024-10-01-preview": "monitor",
    "microsoft.insights@2025-01-01-preview": "monitor",
    "microsoft.managedidentity@2023-01-31": "managedidentity",
    "microsoft.network@2024-05-01": "network",
    "microsoft.network@2024-06-01": "privatedns",
    "microsoft.operationalinsights@2023-09-01": "operationalinsights",
    "microsoft.resources@2024-03-01": "resources",
    "microsoft.storage@2024-01-01": "storage",
}
OF_ANOTHER_TYPE = {
    ("monitor", "ActionGroup"): {"actionGroupId", "webhookProperties"},
    ("network", "IpamPoolPrefixAllocation"): {"id"},
    ("network", "Subnet"): {"serviceGateway"},
}
"""Properties that azure-native has in a class of the same name for something else, or of a later version."""


@pytest.mark.parametrize("token", TYPES)
def test_api_version_is_the_one_that_azure_native_speaks(token: str) -> None:
    _, module, name = token.split(":")
    source = getsource(getattr(import_module(f"pulumi_azure_native.{module}"), name))
    assert f"Uses Azure REST API version {TYPES[token].api_version}." in source, (
        f"the installed azure-native speaks another version of {token}; change its row in "
        "shoal/deploy/resources/resource_types.py, then tools/arm_types.py and the tables with it "
        "(docs/deploy.md says how)"
    )


@pytest.mark.parametrize("token", TYPES)
def test_table_knows_every_property_of_azure_natives_sdk(token: str) -> None:
    _, module, name = token.split(":")
    # A type that is also a part of others has its arguments under another name.
    inputs = sdk_properties(module, f"{name}Init") or sdk_properties(module, name)
    found = refusals(TYPES[token], dict.fromkeys(inputs, UNKNOWN))
    assert [refusal for refusal in found if "is not known" in refusal] == []


@pytest.mark.parametrize("table", MODULES)
def test_parts_of_resources_have_the_properties_that_the_sdk_gives_them(table: str) -> None:
    objects = json.loads((DIRECTORY / f"{table}.json").read_text())["objects"]
    bases = {variant: entry for entry in objects.values() for variant in entry.get("variants", {}).values()}
    for name, entry in objects.items():
        shape = joined(object_shape(bases.get(name, {})), object_shape(entry))
        known = TypeDefinition(name=AnyShape(), body=shape, objects=objects)
        properties = sdk_properties(MODULES[table], name) - OF_ANOTHER_TYPE.get((MODULES[table], name), set())
        assert set(nested(known, dict.fromkeys(properties, UNKNOWN))) <= {*shape.properties, *shape.read_only}, name


def test_every_table_is_compared_with_the_sdk() -> None:
    assert {file.stem for file in DIRECTORY.iterdir()} == set(MODULES)


def sdk_properties(module: str, name: str) -> set[str]:
    """Return the properties of a class of arguments; none where the SDK has no class of the name."""
    arguments = getattr(import_module(f"pulumi_azure_native.{module}"), f"{name}Args", None)
    properties = [value for value in vars(arguments or object).values() if isinstance(value, property)]
    return {getattr(value.fget, "_pulumi_name", "") for value in properties}


def test_tool_leaves_out_what_nobody_can_write_and_names_alike_what_is_alike() -> None:
    written = runpy.run_path(str(REPOSITORY / "tools" / "arm_types.py"))["table"](BUDGETS, DEFINITIONS)
    assert written["resources"] == {
        "Microsoft.Consumption/budgets": {"name": {"type": "string", "maxLength": 63}, "body": "Budget"}
    }
    assert written["objects"] == {
        "Budget": {
            "properties": {
                "first": {"object": "Filter"},
                "second": {"object": "Filter"},
                "third": {"object": "Filter2"},
            },
            "required": ["first"],
            "readOnly": ["id"],
        },
        "Filter": {"properties": {"and": {"items": {"object": "Filter"}, "maxLength": 9}}},
        "Filter2": {"others": {"enum": ["Cost", "Usage"]}},
    }


BUDGETS = "Microsoft.Consumption@2024-08-01"
FILTER = {"$type": "ObjectType", "name": "Filter", "properties": {"and": {"type": {"$ref": "#/3"}, "flags": 0}}}
DEFINITIONS = [
    {"$type": "ResourceType", "name": "microsoft.consumption/budgets@2024-08-01", "body": {"$ref": "#/1"}},
    {
        "$type": "ObjectType",
        "name": "Budget",
        "properties": {
            "id": {"type": {"$ref": "#/6"}, "flags": 10, "description": "the id"},
            "name": {"type": {"$ref": "#/6"}, "flags": 9},
            "first": {"type": {"$ref": "#/2"}, "flags": 1, "description": "a filter"},
            "second": {"type": {"$ref": "#/4"}, "flags": 0},
            "third": {"type": {"$ref": "#/5"}, "flags": 4},
        },
    },
    FILTER,
    {"$type": "ArrayType", "itemType": {"$ref": "#/2"}, "maxLength": 9},
    FILTER,
    {"$type": "ObjectType", "name": "Filter", "properties": {}, "additionalProperties": {"$ref": "#/7"}},
    {"$type": "StringType", "maxLength": 63},
    {"$type": "UnionType", "elements": [{"$ref": "#/8"}, {"$ref": "#/9"}, {"$ref": "#/6"}]},
    {"$type": "StringLiteralType", "value": "Usage"},
    {"$type": "StringLiteralType", "value": "Cost"},
]
