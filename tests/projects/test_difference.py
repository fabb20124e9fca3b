"""`shoal env diff`: two environments side by side."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import to_json
from shoal.errors import BadInput
from shoal.projects.difference import Difference, Side, differences, read_side
from shoal.service_status import Status
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack
from tests.jobs.builders import ENVIRONMENT

PROJECT = """\
name: p
runtime: python
config:
  service: {type: string, default: azure}
  days: {type: integer, default: 30}
  pools: {type: array, items: {type: object}, default: []}
  tags: {type: object, default: {}}
  storageAccount: {type: string, default: ""}
"""


def write(folder: Path, **stacks: str) -> None:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    for name, config in stacks.items():
        (folder / f"Pulumi.{name}.yaml").write_text(f"config:\n{config}")


def between(folder: Path, *, names_too: bool = False) -> list[tuple[str, object, object]]:
    found = differences(read_side("a", folder), read_side("b", folder), names_too=names_too)
    assert {difference.part for difference in found} <= {"configuration"}
    return [(difference.key, difference.a, difference.b) for difference in found]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("  p:days: 30\n", "  p:service: azure\n", []),
        ("  p:days: 30\n", "  p:days: 14\n", [("days", "30", "14")]),
        ("  other:key: x\n", "  p:days: 30\n", [("other:key", "x", None)]),
        ("  p:tags: {team: risk}\n", "  p:tags: {team: sales}\n", [("tags.team", "risk", "sales")]),
        (
            "  p:pools: [{name: x, vmSize: small, packages: [v]}, {name: y}]\n",
            "  p:pools: [{name: y}, {name: x, vmSize: large, packages: [v, w]}]\n",
            [("pools.x.packages", ["v"], ["v", "w"]), ("pools.x.vmSize", "small", "large")],
        ),
        ("  p:pools: [{name: x}]\n", "  p:pools: []\n", [("pools.x", "there", None)]),
        ("  p:tags: {t: {secure: AAA}}\n", "  p:tags: {t: {secure: BBB}}\n", []),
        ("  p:tags: {t: {secure: AAA}}\n", "  p:tags: {t: open}\n", [("tags.t", "[secret]", "open")]),
    ],
)
def test_configurations_are_compared_after_defaults_and_by_name(
    tmp_path: Path, a: str, b: str, expected: list[tuple[str, object, object]]
) -> None:
    write(tmp_path, a=a, b=b)
    assert between(tmp_path) == expected


def test_names_that_must_differ_are_told_only_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, a="  p:storageAccount: one\n", b="  p:storageAccount: two\n")
    assert between(tmp_path) == []
    assert between(tmp_path, names_too=True) == [("storageAccount", "one", "two")]


def test_outputs_are_compared_where_both_are_known() -> None:
    pools = {"spot": replace(ENVIRONMENT.pools["spot"], task_slots_per_node=8)}
    other = replace(ENVIRONMENT, stack="prod", blob_endpoint="https://else.where", pools=pools)
    a = Side(name="a", configuration=None, outputs=to_json(ENVIRONMENT))
    b = Side(name="b", configuration=None, outputs=to_json(other))
    slots = Difference(part="outputs", key="pools.spot.task_slots_per_node", a=4, b=8)
    assert differences(a, b) == [slots]
    assert {found.key for found in differences(a, b, names_too=True)} == {slots.key, "stack", "blob_endpoint"}
    with pytest.raises(BadInput, match="a and b have no known part in common"):
        differences(a, replace(b, outputs=None))


@pytest.mark.parametrize(("text", "message"), [("{", "is not an environment document"), ("[]", "it is no object")])
def test_file_that_holds_no_outputs_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "outputs.json").write_text(text)
    with pytest.raises(BadInput, match=message):
        read_side("outputs.json", tmp_path)


@pytest.fixture
def stacks(tmp_path: Path, service: Status, name: str) -> Iterator[tuple[Stack, Stack]]:
    project = Project(name="shoal", directory=tmp_path, status=service)
    both = copied_stack(project, f"{name}a"), copied_stack(project, f"{name}b")
    yield both
    for stack in both:
        project.shoal("down", "-y", "-s", stack.name)


def test_deployed_stacks_are_told_apart_with_exit_code_1_and_equal_ones_with_0(stacks: tuple[Stack, Stack]) -> None:
    one, other = stacks
    shoal = one.project.shoal
    one.up()
    undeployed = shoal("env", "diff", one.name, other.name)
    assert (undeployed.returncode, undeployed.stdout) == (0, f"{one.name} and {other.name} do not differ.\n")
    assert undeployed.stderr == (f"not compared: stack {other.name} is not deployed; run `shoal up -s {other.name}`\n")
    other.configure(standard_d2s_v3="standard_d4s_v3")
    other.up()
    compared = shoal("env", "diff", one.name, other.name, "--json")
    assert compared.returncode == 1
    assert json.loads(compared.stdout) == {
        "equal": False,
        "differences": [
            {"part": "configuration", "key": "pools.spot.vmSize", "a": "standard_d2s_v3", "b": "standard_d4s_v3"},
            {"part": "outputs", "key": "pools.spot.vm_size", "a": "standard_d2s_v3", "b": "standard_d4s_v3"},
        ],
        "not_compared": [],
    }
    table = shoal("env", "diff", one.name, other.name).stdout.splitlines()
    assert table[0].split() == ["PART", "KEY", one.name, other.name]
    assert table[2].split() == ["outputs", "pools.spot.vm_size", "standard_d2s_v3", "standard_d4s_v3"]


def test_file_of_outputs_stands_for_an_environment_of_elsewhere(stacks: tuple[Stack, Stack]) -> None:
    one, _ = stacks
    one.up()
    document = json.loads(one.project.shoal("outputs", "--json", "-s", one.name).stdout)
    document["packages"]["var"]["version"] = "0123456789abcdef"
    (one.project.directory / "prod.json").write_text(json.dumps(document))
    compared = one.project.shoal("env", "diff", "prod.json", one.name)
    assert compared.returncode == 1
    assert "0123456789abcdef" in compared.stdout
    assert compared.stderr == "not compared: prod.json has outputs, no configuration\n"


def test_stack_that_is_not_there_is_refused(stacks: tuple[Stack, Stack]) -> None:
    refused = stacks[0].project.shoal("env", "diff", stacks[0].name, "prod")
    assert refused.returncode == 2
    assert "stack prod has no Pulumi.prod.yaml" in refused.stderr


def test_environments_of_which_nothing_is_known_of_both_are_not_called_equal(stacks: tuple[Stack, Stack]) -> None:
    one, _ = stacks
    (one.project.directory / "prod.json").write_text("{}")
    refused = one.project.shoal("env", "diff", "prod.json", one.name)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "error: prod.json and" in refused.stderr
