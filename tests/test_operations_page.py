"""operations.md has a row for each operation of the clients, and for each property that is kept without effect.

The clients are asked for their operations and models. A property has an effect where the code that acts on requests
says its name: the handlers, the scheduler, the nodes and the simulation. What only checks or fills in does not count.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import batch_shapes
import pytest
from azure.batch import BatchClient
from azure.mgmt.batch import BatchManagementClient

from shoal.local.api.dispatch import HANDLERS
from tests.clone import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
ROW = re.compile(r"^\| (?P<names>`.+?) \|(?:(?P<middle>.*)\|)? (?P<here>[^|]+) \|$", re.MULTILINE)
NAME = re.compile(r"`(\w[\w.]*)`")
HERE = re.compile(r"done|differs: .+|refused")
ACTING = ("scheduler", "node", "simulation")
NO_OPERATIONS = {"close", "send_request"}
Objects = Mapping[str, Mapping[str, Any]]


def rows(heading: str) -> list[re.Match[str]]:
    (section,) = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    return list(ROW.finditer(section))


def operations(client: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}


def arm_operations() -> set[str]:
    """Return such names as `pool.get`, by the attributes of the client."""
    with BatchManagementClient(credential=NoCredential(), subscription_id="none") as client:
        groups = {name: type(group) for name, group in vars(client).items() if not name.startswith("_")}
    return {f"{name}.{operation}" for name, group in groups.items() for operation in operations(group)}


class NoCredential:
    """Stands for the credential of a client that sends nothing."""

    def get_token(self, *scopes: str, **_options: Any) -> Any:
        raise AssertionError(scopes)


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("Batch", operations(BatchClient) - NO_OPERATIONS), ("Batch's part of ARM", arm_operations())],
)
def test_every_operation_of_the_client_has_one_row(heading: str, expected: set[str]) -> None:
    found = [row["names"].strip("`") for row in rows(heading)]
    assert sorted(found) == sorted(expected)
    assert [row[0] for row in rows(heading) if not HERE.fullmatch(row["here"])] == []


def test_operations_without_a_handler_are_refused_on_the_page_and_no_others() -> None:
    refused = {row["names"].strip("`").removeprefix("begin_") for row in rows("Batch") if row["here"] == "refused"}
    names = {name.removeprefix("begin_") for name in operations(BatchClient) - NO_OPERATIONS - {"create_tasks"}}
    assert refused == names - HANDLERS.keys()


def test_every_property_without_effect_has_a_row() -> None:
    shapes = batch_shapes.table("azure-batch")
    assert sorted(without_effect(shapes["objects"], shapes["bodies"], listed(), words_of_acting_code())) == []


def test_every_row_of_properties_names_properties_of_its_models() -> None:
    objects = batch_shapes.table("azure-batch")["objects"]
    for row in rows("Properties"):
        models = NAME.findall(row["names"])
        known = {name for model in models for name in objects[model]["properties"]}
        assert set(NAME.findall(row["middle"])) <= known, row[0]


def test_property_that_no_code_acts_on_is_missed_without_a_row_and_below_one_is_not() -> None:
    objects: Objects = {
        "Body": {"properties": {"id": "string", "network": {"object": "Network"}}},
        "Network": {"properties": {"id": "string", "subnet": "string"}},
    }
    assert set(without_effect(objects, ["Body"], set(), {"id", "network"})) == {("Network", "subnet")}
    assert set(without_effect(objects, ["Body"], {("Body", "network")}, {"id"})) == set()


def listed() -> set[tuple[str, str]]:
    return {
        (model, name)
        for row in rows("Properties")
        for model in NAME.findall(row["names"])
        for name in NAME.findall(row["middle"])
    }


def without_effect(
    objects: Objects, bodies: list[str], listed: set[tuple[str, str]], acted_on: set[str]
) -> set[tuple[str, str]]:
    """Return the properties that bodies reach on no path through a listed one, and whose names no code acts on."""
    reached, waiting, silent = set(bodies), [*bodies], set()
    while waiting:
        model = waiting.pop()
        for name, shape in objects[model]["properties"].items():
            if (model, name) in listed:
                continue
            if name not in acted_on:
                silent.add((model, name))
            inner = set(objects_of(shape)) - reached
            reached |= inner
            waiting += inner
    return silent


def objects_of(shape: Any) -> Iterator[str]:
    match shape:
        case {"object": name}:
            yield name
        case {"items": items}:
            yield from objects_of(items)


@cache
def words_of_acting_code() -> set[str]:
    files = {Path(inspect.getfile(handler)) for handler in HANDLERS.values()}
    for folder in ACTING:
        files |= set((ROOT / "shoal" / "local" / folder).rglob("*.py"))
    return {word for file in files for word in texts(file)}


def texts(file: Path) -> Iterator[str]:
    """Yield the words of a module's texts, such as the names in a path of JSON; docstrings do nothing."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from re.findall(r"\w+", node.value)
