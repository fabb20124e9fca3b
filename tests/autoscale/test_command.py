"""`shoal autoscale`, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.autoscale import published

REPOSITORY = Path(__file__).parents[2]


def shoal(*arguments: str, given: str = "", cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shoal", "autoscale", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, cwd=cwd, check=False, timeout=60)


@pytest.fixture
def default_formula(tmp_path: Path) -> Path:
    made = shoal("new", "pending_tasks")
    assert made.returncode == 0, made.stderr
    path = tmp_path / "default.txt"
    path.write_text(made.stdout)
    return path


def test_built_formula_passes_the_check_and_is_evaluated(default_formula: Path) -> None:
    checked = shoal("check", str(default_formula))
    assert (checked.returncode, checked.stdout) == (0, f"{default_formula}: no findings\n")
    given = ["--samples", "PendingTasks=50", "--samples", "TaskSlotsPerNode=4", "--at", "2026-01-01T00:00:00Z"]
    done = shoal("eval", str(default_formula), *given, "--json")
    assert done.returncode == 0
    run = json.loads(done.stdout)
    assert run["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert run["results"].startswith(
        "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=13;$NodeDeallocationOption=taskcompletion;"
    )


PEERS = {
    "shipyard": {"formula": published.SHIPYARD_WEEKEND},
    "nextflow": {"formula": published.NEXTFLOW},
    "cfa-cloudops": {"formula": published.CFA_CLOUDOPS},
    "documentation-2020": {"formula": published.E_ACTIVE},
    "azure-custom-tasks": {"nodeAutoScale": {"formula": ["$TargetDedicatedNodes = 1"]}, "dedicatedNodeCount": 1},
    "snakemake": {"scaleSettings": {"autoScale": {"formula": published.E}, "fixedScale": {"targetDedicatedNodes": 0}}},
}


@pytest.mark.parametrize(
    ("peer", "rules"),
    [
        ("shipyard", {"unreachable-branch", "never-grows"}),
        ("nextflow", {"spot-dedicated-confused", "slots-ignored"}),
        ("cfa-cloudops", {"slots-ignored", "no-sample-guard"}),
        ("documentation-2020", {"running-tasks-not-counted"}),
        ("azure-custom-tasks", {"fixed-and-autoscale"}),
        ("snakemake", {"fixed-and-autoscale"}),
    ],
)
def test_faults_of_peers_are_named(peer: str, rules: set[str], tmp_path: Path) -> None:
    path = tmp_path / "pools.yaml"
    path.write_text(yaml.safe_dump({"pools": {peer: PEERS[peer]}}))
    checked = shoal("check", "--json", str(path))
    assert checked.returncode == 1, checked.stderr
    document = json.loads(checked.stdout)
    (formula,) = document["formulas"]
    assert not document["ok"]
    assert formula["path"].startswith(f"pools.{peer}")
    assert rules <= {finding["rule"] for finding in formula["findings"]}


def test_formula_in_a_stack_file_is_checked_in_place(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n"
        "  shoal:pools:\n"
        "    - name: spot\n"
        "      formula: |\n"
        "        // all of them\n"
        "        $TargetDedicatedNodes = $PendingTask;\n"
    )
    checked = shoal("check", "Pulumi.dev.yaml", cwd=tmp_path)
    assert checked.returncode == 1
    assert checked.stdout == (
        "Pulumi.dev.yaml:6:33: error: $PendingTask is not defined [type]\n"
        "   6 |         $TargetDedicatedNodes = $PendingTask;\n"
        "     |                                 ^^^^^^^^^^^^\n"
        "     = did you mean $PendingTasks?\n"
    )


def test_formula_on_standard_input_is_checked() -> None:
    checked = shoal("check", "-", given="$TargetDedicatedNodes = 1 +;")
    assert checked.returncode == 1
    assert checked.stdout.startswith("-:1:28: error: expected a value, but found ';' [syntax]")


def test_interval_given_to_the_check_counts() -> None:
    assert "window-shorter-than-interval" in shoal("check", "-", given=published.A).stdout
    assert "window-shorter-than-interval" not in shoal("check", "-", "--interval", "3m", given=published.A).stdout


def test_samples_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text(
        "time,PendingTasks\n" + "".join(f"2026-01-01T00:{minute:02d}:00Z,{minute}\n" for minute in range(30))
    )
    text = """$TargetDedicatedNodes = max($PendingTasks.GetSample(2));
        p = $PendingTasks.GetSamplePercent(TimeInterval_Hour);"""
    done = shoal("eval", "-", "--samples", "samples.csv", given=text, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["variable", "value"],
        ["$TargetDedicatedNodes", "29"],
        ["$TargetLowPriorityNodes", "0"],
        ["$NodeDeallocationOption", "requeue"],
        ["p", "25"],
    ]


def test_value_beside_a_file_of_samples_replaces_or_adds_a_variable(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("time,PendingTasks,ActiveTasks\n2026-01-01T00:00:00Z,1,2\n")
    metrics = ("$PendingTasks", "$ActiveTasks", "$RunningTasks")
    text = f"$TargetDedicatedNodes = sum({', '.join(f'{metric}.GetSample(1)' for metric in metrics)});"
    values = ["--samples", "PendingTasks=10", "--samples", "RunningTasks=100"]
    done = shoal("eval", "-", "--samples", "samples.csv", *values, "--json", given=text, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"].startswith("$TargetDedicatedNodes=112;")


def test_value_beside_a_file_of_samples_must_name_a_sampled_variable(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("time,PendingTasks\n2026-01-01T00:00:00Z,1\n")
    values = ["--samples", "samples.csv", "--samples", "Tasks=3"]
    done = shoal("eval", "-", *values, given="$TargetDedicatedNodes = 1;", cwd=tmp_path)
    assert (done.returncode, done.stderr[:42]) == (2, "error: Tasks is not a sampled variable; sa")


def test_failed_evaluation_ends_with_exit_code_1_and_the_error() -> None:
    done = shoal("eval", "-", given="$TargetDedicatedNodes = avg($PendingTasks.GetSample(TimeInterval_Hour));")
    assert done.returncode == 1
    assert done.stderr == (
        "error: InsufficientSampleData: Line 1, Col 29: "
        "Insufficient data from data set: $PendingTasks wanted 10%, received 0%\n"
    )


def test_formulas_are_simulated_side_by_side_with_charts(default_formula: Path, tmp_path: Path) -> None:
    tutorial = tmp_path / "tutorial.txt"
    tutorial.write_text(published.A.replace("= 25", "= 100").replace("$NodeDeallocationOption = taskcompletion;", ""))
    done = shoal("simulate", str(default_formula), str(tutorial), "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)
    default, other = reports["default"], reports["tutorial"]
    assert (default["completed"], default["killed"], default["lost"]) == (10_000, 0, 0)
    assert default["zero_after"] is not None
    assert default["over_ideal"] <= 0.15
    assert other["killed"] > 0
    assert other["cost"] > default["cost"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "default.json",
        "default.svg",
        "tutorial.json",
        "tutorial.svg",
    }
    kept = json.loads((tmp_path / "out" / "default.json").read_text())
    assert kept["node_hours"] == default["node_hours"]
    assert kept["series"][0]["active"] == 10_000


def test_simulation_follows_its_description_and_replays_jobs(default_formula: Path, tmp_path: Path) -> None:
    task = {
        "creationTime": "2026-01-01T00:00:00Z",
        "executionInfo": {"startTime": "2026-01-01T00:01:00Z", "endTime": "2026-01-01T00:11:00Z"},
    }
    (tmp_path / "job.jsonl").write_text(f"{json.dumps(task)}\n" * 40)
    (tmp_path / "story.yaml").write_text("replay: job.jsonl\npool: {task_slots_per_node: 2, spot_quota: 5}\n")
    done = shoal("simulate", str(default_formula), "--scenario", str(tmp_path / "story.yaml"))
    assert done.returncode == 0, done.stderr
    rows = dict(line.rsplit("  ", 1) for line in done.stdout.splitlines()[1:])
    table = {title.strip(): value.strip() for title, value in rows.items()}
    assert (table["tasks completed"], table["peak nodes"], table["tasks lost"]) == ("40 of 40", "15", "0")


def test_file_with_several_formulas_is_not_evaluated(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("a: {formula: x = 1}\nb: {formula: x = 2}\n")
    done = shoal("eval", "two.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "two.yaml contains several formulas (a.formula, b.formula)" in done.stderr


def test_new_without_a_scenario_lists_them() -> None:
    listed = shoal("new")
    assert listed.returncode == 0
    assert "pending_tasks     max_spot_nodes       100      " in listed.stdout
    assert json.loads(shoal("new", "--json").stdout)[0]["parameter"] == "max_spot_nodes"
    assert json.loads(shoal("new", "ramp", "--json").stdout)["formula"] == shoal("new", "ramp").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "Missing argument 'FILE...'"),
        (["check", "nowhere.txt"], "error: nowhere.txt cannot be read"),
        (["check", "package.json"], "error: package.json contains no formula"),
        (["check", "-", "--interval", "soon"], "error: 'soon' is not a duration"),
        (["eval", "-", "--samples", "Tasks=3"], "error: Tasks is not a sampled variable"),
        (["eval", "-", "--at", "soon"], "error: 'soon' is not a timestamp"),
        (["new", "pending"], "error: there is no scenario pending"),
        (["new", "ramp", "-p", "step_up"], "error: -p step_up is not NAME=VALUE"),
        (["simulate", "-", "--scenario", "package.json"], "error: name: Unexpected keyword argument"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_one_message(arguments: list[str], message: str) -> None:
    done = shoal(*arguments, given="$TargetDedicatedNodes = 1;")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_type_fault_is_shown_when_the_formula_is_evaluated() -> None:
    done = shoal("eval", "-", given="a = b;")
    assert done.returncode == 2
    assert done.stderr == "error: -:1:5: b is not defined\n   1 | a = b;\n     |     ^\n"


def test_conditions_on_the_command_line_count_more_than_the_description(default_formula: Path, tmp_path: Path) -> None:
    (tmp_path / "story.yaml").write_text("tasks: [{count: 400, duration: 5m}]\npool: {spot_quota: 90}\n")
    story = ["simulate", str(default_formula), "--scenario", str(tmp_path / "story.yaml"), "--json"]
    conditions = ["--sample-delay", "10m", "--sample-loss", "0.2", "--spot-quota", "30", "--dedicated-quota", "2"]
    (plain,) = json.loads(shoal(*story).stdout).values()
    (under,) = json.loads(
        shoal(*story, *conditions, "--spot-capacity", "30", "--spot-capacity", "5@20m").stdout
    ).values()
    assert (plain["peak_nodes"], under["completed"], under["killed"]) == (90, 400, 0)
    assert under["peak_nodes"] <= 32
    assert under["evictions"] > 0
    assert under["zero_after"] > 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sample-delay", "soon"], "sample_delay: 'soon' is not a duration"),
        (["--sample-loss", "1.5"], "sample_loss: Input should be less than 1, found 1.5"),
        (["--spot-capacity", "many@3h"], "'many@3h' is no number of nodes; write 20 or 20@3h"),
    ],
)
def test_condition_that_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    done = shoal("simulate", "-", *arguments, given="$TargetDedicatedNodes = 1;")
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n") or message in done.stderr
