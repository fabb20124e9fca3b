import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.errors import SettingsError
from components.settings import Settings, parse_settings
from shoal.environment import Authentication

SCALED: dict[str, Any] = {"name": "spot", "vmSize": "standard_d2s_v3", "image": "ubuntu-24.04"}
POOL: dict[str, Any] = {**SCALED, "spotNodes": 3}
FOLLOWS = "$TargetLowPriorityNodes = min(3, max(0, $PendingTasks.GetSample(1)) / $TaskSlotsPerNode);"


def parse(*, pools: Sequence[dict[str, Any]] | str = (POOL,), **values: str) -> Settings:
    given = {
        "service": "embedded",
        "authentication": "shared_key",
        "location": "westeurope",
        "resourceGroup": "",
        "batchAccount": "",
        "storageAccount": "",
        "outputsExpireAfterDays": "30",
        "submitters": "[]",
        "packages": json.dumps([{"name": "var", "directory": "app"}]),
        "pools": pools if isinstance(pools, str) else json.dumps(pools),
        **values,
    }
    return parse_settings(given, project="shoal", file="Pulumi.dev.yaml")


def test_settings_are_read_from_what_pulumi_hands_over() -> None:
    settings = parse(pools=[{**POOL, "taskSlotsPerNode": 4, "packages": ["var"]}])
    assert settings.authentication is Authentication.SHARED_KEY
    assert settings.outputs_expire_after_days == 30
    assert settings.pools[0].task_slots_per_node == 4
    assert settings.pools[0].packages == ("var",)


def test_component_arguments_leave_out_what_a_pool_does_not_say() -> None:
    assert parse().environment_args()["pools"] == [
        {
            "name": "spot",
            "vm_size": "standard_d2s_v3",
            "image": "ubuntu-24.04",
            "task_slots_per_node": 1,
            "spot_nodes": 3,
            "packages": [],
        }
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"taskSlotsPerNode": 0}, "shoal:pools[0].taskSlotsPerNode is 0; it must be at least 1 (Pulumi.dev.yaml)"),
        ({"taskSlotsPerNode": 300}, "shoal:pools[0].taskSlotsPerNode is 300; it must be at most 256 (Pulumi.dev.yaml)"),
        ({"spotNodes": "many"}, "shoal:pools[0].spotNodes is many; it must be an integer (Pulumi.dev.yaml)"),
        ({"vmSize": 4}, "shoal:pools[0].vmSize is 4; it must be text (Pulumi.dev.yaml)"),
        ({"vmsize": "x"}, "shoal:pools[0].vmsize is not a known key; did you mean vmSize? (Pulumi.dev.yaml)"),
        (
            {"image": "ubuntu-18.04"},
            "shoal:pools[0].image is ubuntu-18.04; it must be one of ubuntu-24.04, ubuntu-22.04, ubuntu-hpc-24.04, "
            "ubuntu-hpc-22.04, almalinux-9, windows-2022 (Pulumi.dev.yaml)",
        ),
        (
            {"spotNodes": 0},
            "shoal:pools[0] is wrong: it has no nodes; give spotNodes or dedicatedNodes, or neither for a pool that"
            " scales itself (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": "$TargetDedicatedNodes = 1;"},
            "shoal:pools[0] is wrong: it has both spotNodes and autoScaleFormula; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"maxDedicatedNodes": 0},
            "shoal:pools[0] is wrong: it has both spotNodes and maxDedicatedNodes; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleEvaluationInterval": "PT10M"},
            "shoal:pools[0] is wrong: it has a fixed number of nodes, for which autoScaleEvaluationInterval means"
            " nothing (Pulumi.dev.yaml)",
        ),
        (
            {"packages": ["vra"]},
            "shoal:pools[0].packages names vra, which shoal:packages does not have (Pulumi.dev.yaml)",
        ),
        (
            {"startTask": {"command": "apt"}},
            "shoal:pools[0].startTask.commandLine is missing (Pulumi.dev.yaml)\n"
            "shoal:pools[0].startTask.command is not a known key; did you mean commandLine? (Pulumi.dev.yaml)",
        ),
    ],
)
def test_wrong_pool_is_refused_by_file_key_value_and_rule(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**POOL, **change}])
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maxSpotNodes": 0}, "shoal:pools[0].maxSpotNodes is 0; it must be at least 1 (Pulumi.dev.yaml)"),
        ({"slotsPerTask": 0}, "shoal:pools[0].slotsPerTask is 0; it must be at least 0.001 (Pulumi.dev.yaml)"),
        (
            {"hold": "long"},
            "shoal:pools[0].hold is long; it must be an ISO 8601 duration such as PT5M (Pulumi.dev.yaml)",
        ),
        (
            {"hold": "PT2M", "autoScaleEvaluationInterval": "PT2S"},
            "shoal:pools[0] is wrong: its hold is shorter than the time between evaluations, PT5M (Pulumi.dev.yaml)",
        ),
        (
            {"hold": "PT10M", "autoScaleEvaluationInterval": "PT15M"},
            "shoal:pools[0] is wrong: its hold is shorter than the time between evaluations, PT15M (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": ""},
            "shoal:pools[0].autoScaleFormula is empty; it must be text (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": FOLLOWS, "warmUpNodes": 2},
            "shoal:pools[0] is wrong: it has both autoScaleFormula and warmUpNodes; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleEvaluationInterval": "PT0.5S"},
            "shoal:pools[0].autoScaleEvaluationInterval is PT0.5S; it must be between PT1S and PT168H"
            " (Pulumi.dev.yaml)",
        ),
    ],
)
def test_wrong_limit_of_a_pool_that_scales_itself_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**SCALED, **change}])
    assert str(refused.value) == message


def test_faults_of_a_formula_are_shown_where_they_stand() -> None:
    formula = "tasks = 1;\n$TargetLowPriorityNodes = $PendingTask;"
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**SCALED, "autoScaleFormula": formula}])
    assert str(refused.value) == (
        "Pulumi.dev.yaml: shoal:pools[0].autoScaleFormula:2:27: error: $PendingTask is not defined [type]\n"
        "   2 | $TargetLowPriorityNodes = $PendingTask;\n"
        "     |                           ^^^^^^^^^^^^\n"
        "     = did you mean $PendingTasks?"
    )


def test_what_the_linter_finds_in_a_formula_is_doubted_but_not_refused() -> None:
    settings = parse(pools=[POOL, {**SCALED, "name": "own", "autoScaleFormula": FOLLOWS}])
    doubts = settings.doubts(project="shoal", file="Pulumi.dev.yaml")
    assert all(doubt.startswith("Pulumi.dev.yaml: shoal:pools[1].autoScaleFormula:1:") for doubt in doubts)
    assert any("warning:" in doubt and "[deallocation-option-missing]" in doubt for doubt in doubts)


@pytest.mark.parametrize(
    ("service", "interval", "accepted"),
    [("azure", "PT4M59S", False), ("azure", "PT5M", True), ("embedded", "PT1S", True), ("embedded", "P8D", False)],
)
def test_only_the_embedded_service_evaluates_more_often_than_azure(
    service: str, interval: str, *, accepted: bool
) -> None:
    pools = [{**SCALED, "autoScaleEvaluationInterval": interval}]
    if accepted:
        (pool,) = parse(pools=pools, service=service).environment_args()["pools"]
        assert pool["auto_scale_evaluation_interval"] == interval
    else:
        shortest = "PT1S" if service == "embedded" else "PT5M"
        with pytest.raises(SettingsError, match=f"it must be between {shortest} and PT168H"):
            parse(pools=pools, service=service)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"outputsExpireAfterDays": "soon"}, "shoal:outputsExpireAfterDays is soon; it must be an integer"),
        ({"pools": "spot"}, "shoal:pools is spot; it must be a list"),
        ({"pools": "[spot"}, "shoal:pools is [spot; it must be a list"),
        ({"service": "aws"}, "shoal:service is aws; it must be 'azure' or 'embedded'"),
        ({"batchAccount": "My-Account"}, "shoal:batchAccount is My-Account; it must match ^([a-z0-9]{3,24})?$"),
        ({"outputExpireAfterDays": "3"}, "shoal:outputExpireAfterDays is not a known key; did you mean"),
        ({"authentication": "entra"}, "shoal:authentication must be shared_key where shoal:service is embedded"),
    ],
)
def test_wrong_key_of_the_stack_is_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    assert str(refused.value).startswith(message)


def test_pool_that_is_named_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="shoal:pools names spot more than once"):
        parse(pools=[POOL, POOL])
