"""Components that a person's own program makes: their arguments are checked at once, their outputs registered."""

import inspect
import json
from pathlib import Path
from typing import Any, get_args

import pulumi
import pytest

from components import Environment, SpotPool
from components.argument_check import fields_of
from components.argument_fault import camel
from components.component_errors import SettingsError
from components.plugin import COMPONENTS, ComponentPackage
from tests.components.arguments import LEAST
from tests.programs import record

Component = type[pulumi.ComponentResource]
EVERY = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def declare(component: Component, args: Any) -> None:
    make: Any = component
    make("mine", args)


def mistakes(component: Component, args: Any) -> list[str]:
    """The sentences with which the component refuses its arguments, before anything is registered."""
    refusals: list[str] = []

    def program() -> None:
        with pytest.raises(SettingsError) as refused:
            declare(component, args)
        refusals.extend(str(refused.value).splitlines())

    registered = [resource.type for resource in record(program).resources]
    assert registered == ["pulumi:pulumi:Stack"]
    return refusals


def shape_of(component: Component) -> type:
    shape: type = inspect.get_annotations(component.__init__)["args"]
    return shape


def test_every_component_is_tried() -> None:
    assert LEAST.keys() == set(COMPONENTS)


@EVERY
def test_outputs_that_a_component_announces_are_registered_and_in_the_schema(
    component: Component, project: Path
) -> None:
    annotations = {camel(name): kind for name, kind in inspect.get_annotations(component).items()}
    assert all(str(kind).startswith("pulumi.output.Output[") for kind in annotations.values())
    # Pulumi sends no output of None.
    always = {name for name, kind in annotations.items() if type(None) not in get_args(get_args(kind)[0])}
    recording = record(lambda: declare(component, LEAST[component]), root=str(project))
    (registered,) = (outputs for urn, outputs in recording.registered_outputs.items() if urn.endswith("::mine"))
    assert always <= registered.keys() <= annotations.keys()
    schema = json.loads(ComponentPackage().schema or "")["resources"][f"shoal:index:{component.__name__}"]
    assert schema["properties"].keys() == annotations.keys()


@EVERY
def test_every_missing_argument_is_named_at_once(component: Component) -> None:
    required = [name for name, (_, is_required) in fields_of(shape_of(component)).items() if is_required]
    assert len(required) > 1
    assert mistakes(component, {}) == [f"{component.__name__} mine: {name} is missing" for name in required]


@EVERY
def test_misspelt_argument_is_refused_with_a_suggestion(component: Component) -> None:
    last = list(fields_of(shape_of(component)))[-1]
    misspelt = last.replace("_", "") if "_" in last else f"{last}s"
    assert mistakes(component, {**LEAST[component], misspelt: "x"}) == [
        f"{component.__name__} mine: {misspelt} is not a known argument; did you mean {last}?"
    ]


@EVERY
def test_argument_of_another_type_is_refused(component: Component) -> None:
    first = next(iter(LEAST[component]))
    assert mistakes(component, {**LEAST[component], first: 7}) == [
        f"{component.__name__} mine: {first} is 7; it must be text"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_spot_node": 3}, ["max_spot_node is not a known argument; did you mean max_spot_nodes?"]),
        ({"task_slots_per_node": "4"}, ["task_slots_per_node is 4; it must be an integer"]),
        ({"task_slots_per_node": 2.5}, ["task_slots_per_node is 2.5; it must be an integer"]),
        ({"task_fill": "packed"}, ["task_fill is packed; it must be 'pack' or 'spread'"]),
        ({"public_ip": "no"}, ["public_ip is no; it must be true or false"]),
        ({"hold": "long"}, ["hold is long; it must be a duration such as PT10M, 10m, 1h30m or 90s"]),
        ({"mounts": {"mount_path": "in"}}, ["mounts is a mapping; it must be a list"]),
        (
            {"mounts": [{"nfs_source": "h:/a", "mount_path": "a"}, {"readonly": True, "nfs_source": "h:/b"}]},
            [
                "mounts[1].mount_path is missing",
                "mounts[1].readonly is not a known argument; did you mean read_only?",
            ],
        ),
        (
            {"start_task": {"command_line": "true", "resource_files": [{"http_uri": "https://example.org/a"}]}},
            ["start_task.resource_files[0].http_uri is not a known argument; did you mean http_url?"],
        ),
        (
            {"user_accounts": [{"name": 5, "password": 12345678}]},
            [
                "user_accounts[0].name is 5; it must be text",
                "user_accounts[0].password is [secret]; it must be text",
            ],
        ),
        (
            {"vm_size": None, "image": 24.04, "spots": 1, "packages": ["var"]},
            [
                "vm_size is None; it must be text",
                "image is 24.04; it must be text",
                "packages[0] is var; it must be a mapping of keys to values",
                "spots is not a known argument; did you mean spot_nodes?",
            ],
        ),
    ],
)
def test_all_mistakes_of_a_pool_are_named_by_their_places(changes: dict[str, Any], expected: list[str]) -> None:
    sentences = [sentence.removeprefix("SpotPool mine: ") for sentence in mistakes(SpotPool, LEAST[SpotPool] | changes)]
    assert sorted(sentences) == sorted(expected)


def test_output_is_refused_where_the_program_must_know_the_value() -> None:
    def program() -> None:
        with pytest.raises(SettingsError, match="SpotPool mine: image is an output, known too late; it must be text"):
            declare(SpotPool, LEAST[SpotPool] | {"image": pulumi.Output.from_input("ubuntu-24.04")})

    record(program)


def test_arguments_that_are_no_mapping_are_refused() -> None:
    assert mistakes(SpotPool, None) == ["SpotPool mine: args is None; it must be a mapping of keys to values"]


class OwnPool(SpotPool):
    cost: pulumi.Output[float]
    """An output that the person's class sets after the constructor of the pool."""


def test_class_that_a_person_derives_from_a_component_registers_the_components_outputs() -> None:
    recording = record(lambda: declare(OwnPool, LEAST[SpotPool]))
    (registered,) = (outputs for urn, outputs in recording.registered_outputs.items() if urn.endswith("::mine"))
    assert registered.keys() == {"poolName", "vmSize", "taskSlotsPerNode"}


def test_environment_checks_its_pools_before_it_makes_its_group() -> None:
    pools = [
        {"name": "a", "vm_size": "standard_d4s_v3", "image": "ubuntu-24.04", "spot_nodes": 1, "hold": "PT10M"},
        {"name": "b", "vm_size": "standard_d4s_v3", "image": "ubuntu-2404"},
        {"name": "c", "vm_size": "standard_d4s_v3", "image": "ubuntu-24.04", "packages": ["var"]},
    ]
    first, second = mistakes(Environment, LEAST[Environment] | {"pools": pools})
    assert first == (
        "Environment mine: pools[0] is wrong: it has both spot_nodes and hold; a pool is scaled in one way"
    )
    assert second.startswith("Environment mine: pools[1].image is ubuntu-2404; it must be one of ubuntu-24.04")
    assert mistakes(Environment, LEAST[Environment] | {"pools": pools[2:]}) == [
        "Environment mine: pools[0].packages names var, which packages does not have"
    ]


def from_another_language(inputs: dict[str, Any]) -> list[str]:
    """The sentences with which the package refuses what a program in another language gives."""
    refusals: list[str] = []

    def program() -> None:
        with pytest.raises(pulumi.InputPropertiesError) as refused:
            ComponentPackage().construct("mine", "shoal:index:SpotPool", inputs)
        refusals.extend(str(refused.value).splitlines())

    assert [resource.type for resource in record(program).resources] == ["pulumi:pulumi:Stack"]
    return refusals


def test_mistakes_of_programs_in_other_languages_are_named_in_the_same_sentences() -> None:
    inputs = {
        "resourceGroupName": "group",
        "accountName": "account",
        "poolName": "spot",
        "image": "ubuntu-24.04",
        "maxSpotNode": 3.0,
        "taskSlotsPerNode": 2.5,
        "taskFill": "packed",
        "mounts": [{"mountPath": "in", "nfsSource": "h:/a", "readonly": True}],
    }
    assert sorted(from_another_language(inputs)) == [
        "SpotPool mine: maxSpotNode is not a known argument; did you mean max_spot_nodes?",
        "SpotPool mine: mounts[0].readonly is not a known argument; did you mean read_only?",
        "SpotPool mine: task_fill is packed; it must be 'pack' or 'spread'",
        "SpotPool mine: task_slots_per_node is 2.5; it must be an integer",
        "SpotPool mine: vm_size is missing",
    ]


def test_arguments_from_another_language_arrive_with_their_names_and_integers() -> None:
    inputs = {
        "resourceGroupName": "group",
        "accountName": "account",
        "poolName": "spot",
        "vmSize": "standard_d4s_v3",
        "image": "ubuntu-24.04",
        "spotNodes": 3.0,
        "memoryGibPerSlot": 1.5,
        "metadata": {"maxSpotNodes": "kept as it is"},
        "startTask": {"commandLine": "true", "maxRetryCount": 2.0},
    }

    def program() -> None:
        ComponentPackage().construct("mine", "shoal:index:SpotPool", inputs)

    pool = record(program).only("batch:Pool").inputs
    assert pool["scaleSettings"]["fixedScale"]["targetLowPriorityNodes"] == 3
    assert pool["metadata"] == [{"name": "maxSpotNodes", "value": "kept as it is"}]
    assert pool["startTask"]["maxTaskRetryCount"] == 2
