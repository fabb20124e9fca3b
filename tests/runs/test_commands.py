"""The commands as people and scripts use them: processes, exit codes, bytes on disk."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.waiting import wait_until

JOB = """\
parameters:
  last: {type: int, default: 4}
  broken: {type: int, default: 0}
job: {pool: spot}
stages:
  - name: square
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: |
      test {{ n }} -ne {{ broken }} || { echo cannot do {{ n }} >&2; exit 9; }
      echo $(({{ n }} * {{ n }})) > out.txt
    outputs: [{pattern: out.txt}]
  - name: sum
    after: square
    inputs: [{stage: square, to: parts}]
    command: cat parts/{{ job }}/square/*/out.txt | sort -n | tee sum.txt
    outputs: [{pattern: sum.txt}]
"""
TEMPLATES = Path(__file__).parents[2] / "task_templates"
Shoal = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def arguments(environment: Environment, tmp_path: Path) -> list[str]:
    """Arguments by which a command reads its environment from a document."""
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    return ["--environment", str(tmp_path / "environment.json")]


@pytest.fixture
def shoal(service: Status, tmp_path: Path, arguments: list[str]) -> Shoal:
    (tmp_path / "job.yaml").write_text(JOB)
    return lambda *words: run_shoal(service, tmp_path, *words, *arguments)


def test_run_brings_the_results_home_and_says_how_far_it_is(shoal: Shoal, name: str, tmp_path: Path) -> None:
    done = shoal("run", "job.yaml", "--job", name)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{name}: 5 tasks added"
    assert lines[-3].startswith("5 of 5 done, 0 running, 0 failed")
    assert lines[-2] == "5 succeeded, 0 failed (AllTasksComplete)"
    assert lines[-1] == f"5 files in results/{name}, 5 of them fetched now"
    assert (tmp_path / "results" / name / "sum/sum/sum.txt").read_text() == "1\n4\n9\n16\n"


def test_finished_job_is_replayed_under_another_formula(shoal: Shoal, name: str, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("$TargetDedicatedNodes = $PendingTasks > 0 ? 1 : 0;")
    assert shoal("run", "job.yaml", "--job", name).returncode == 0
    done = shoal("autoscale", "simulate", "one.txt", "--replay", name, "--json")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout).values()
    assert (report["tasks"], report["completed"], report["peak_nodes"]) == (5, 5, 1)
    missing = shoal("autoscale", "simulate", "one.txt", "--replay", f"{name}-none")
    assert (missing.returncode, missing.stderr[:34]) == (2, f"error: there is no job '{name}-none'"[:34])


def test_run_of_a_job_with_a_failing_task_ends_with_1_and_shows_its_stderr(shoal: Shoal, name: str) -> None:
    done = shoal("run", "job.yaml", "--job", name, "-p", "broken=2")
    assert done.returncode == 1
    assert "FailureExitCode, exit code 9" in done.stderr
    assert "  | cannot do 2\n" in done.stderr
    assert f"error: job {name}: 1 of 5 tasks failed, 1 never ran" in done.stderr
    assert "the tasks that are left wait for tasks that failed" in done.stdout


@pytest.mark.parametrize(
    ("template", "result", "lines"), [("sweep", "merge/merge/areas.csv", 21), ("table", "summary/summary/sizes.txt", 3)]
)
def test_starter_template_runs_as_it_is(
    shoal: Shoal, name: str, tmp_path: Path, template: str, result: str, lines: int
) -> None:
    done = shoal("run", str(TEMPLATES / f"{template}.yaml"), "--job", name, "--out", "home")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "home" / result).read_text().splitlines()) == lines


def test_run_as_json_is_one_document(shoal: Shoal, name: str, tmp_path: Path) -> None:
    done = shoal("run", "job.yaml", "--job", name, "-p", "broken=2", "--json", "--out", "home")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["counts"] == {"active": 1, "running": 0, "succeeded": 3, "failed": 1}
    assert result["submission"] == {"job_id": name, "added": 5, "already_there": 0}
    assert (result["blocked"], result["fetched"]["files"], result["fetched"]["folder"]) == (True, 3, "home")
    assert [failure["exit_code"] for failure in result["failures"]] == [9]
    assert len(list((tmp_path / "home").rglob("out.txt"))) == 3


def test_submit_prints_the_job_id_and_a_second_one_adds_nothing(shoal: Shoal, name: str) -> None:
    first = shoal("submit", "job.yaml", "--job", name)
    assert (first.returncode, first.stdout, first.stderr) == (0, f"{name}\n", f"{name}: 5 tasks added\n")
    second = shoal("submit", "job.yaml", "--job", name)
    assert (second.returncode, second.stdout) == (0, f"{name}\n")
    assert second.stderr == f"{name}: 5 tasks already there, 0 added\n"
    assert shoal("watch", name).returncode == 0
    third = shoal("submit", "job.yaml", "--job", name, "--json")
    assert json.loads(third.stdout) == {"job_id": name, "added": 0, "already_there": 5}


def test_plan_warns_of_a_pool_that_is_scaled_for_other_tasks(
    service: Status, environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    answers = []
    for slots_per_task in (1.0, 2.0, None):
        pools = {key: replace(pool, slots_per_task=slots_per_task) for key, pool in environment.pools.items()}
        (tmp_path / "environment.json").write_text(json.dumps(to_json(replace(environment, pools=pools))))
        done = run_shoal(service, tmp_path, "plan", "job.yaml", "--environment", "environment.json")
        answers.append(re.sub("pool '.*?'", "the pool", done.stderr))
    warning = "warning: a task takes 1 slots on average, and the pool is scaled for 2: it gets more nodes than it needs"
    assert answers == ["", f"{warning}; set slotsPerTask: 1 for the pool in the stack's file\n", ""]


def test_run_can_be_named_by_a_parameter(shoal: Shoal, name: str) -> None:
    assert shoal("submit", "job.yaml", "-p", f"run={name}").stdout == f"{name}\n"


def test_plan_counts_without_creating_anything(shoal: Shoal, name: str) -> None:
    done = shoal("plan", "job.yaml", "--job", name, "-p", "last=9", "--json")
    result = json.loads(done.stdout)
    assert (result["job_id"], result["tasks"], result["slots"]) == (name, 10, 10)
    assert [stage["tasks"] for stage in result["stages"]] == [9, 1]
    assert "square  9      9" in shoal("plan", "job.yaml", "-p", "last=9").stdout
    assert shoal("tasks", name).returncode == 2


def test_render_prints_one_task_a_line_and_no_secret(service: Status, environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    by_signature = to_json(replace(environment, node_identity=None))
    (tmp_path / "environment.json").write_text(json.dumps(by_signature))
    done = run_shoal(service, tmp_path, "render", "job.yaml", "--limit", "3", "--environment", "environment.json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [task["id"][:9] for task in found] == ["square-1-", "square-2-", "square-3-"]
    assert found[0]["outputFiles"][0]["destination"]["container"]["containerUrl"].endswith("/outputs?sig=***")


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (("pool: spot", "pool: sopt"), [], "the stack 'local' has no pool 'sopt'; did you mean spot?"),
        (("    after: square", "    packages: [x]\n    after: square"), [], "has no package 'x'; known are tool"),
        (("{stage: square, to: parts}", "{from: none.csv}"), [], "none.csv does not exist"),
        (("{{ n }} >&2", "{{ m }} >&2"), [], "job.yaml line 9: 'm' is undefined"),
        (("command: cat", "comand: cat"), [], "line 15: stages[1].comand is not a known key; did you mean command?"),
        (("pool: spot}", "pool: spot"), [], "job.yaml line 5, column 7: this is not valid YAML"),
        (("", ""), ["-p", "last=many"], "parameter 'last' must be of type int; found 'many'"),
        (("", ""), ["--json", "--nonsense"], "No such option"),
    ],
)  # fmt: skip
def test_bad_input_ends_with_2_one_message_and_nothing_created(
    shoal: Shoal, name: str, tmp_path: Path, change: tuple[str, str], words: list[str], message: str
) -> None:
    (tmp_path / "job.yaml").write_text(JOB.replace(*change))
    done = shoal("run", "job.yaml", "--job", name, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert name not in shoal("jobs").stdout


def test_service_that_is_not_running_is_told_with_how_to_start_it(
    service: Status, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    stopped = replace(service, state_dir=str(tmp_path))
    done = run_shoal(stopped, tmp_path, "run", "job.yaml", *arguments)
    assert done.returncode == 2
    assert done.stderr.endswith("is not running; start it with `shoal local start`\n")


def test_environment_is_that_of_the_deployed_stack_unless_a_document_is_named(
    service: Status, environment: Environment, project: Path, name: str, tmp_path: Path
) -> None:
    stage = "{name: greet, packages: tool, command: cat $AZ_BATCH_APP_PACKAGE_TOOL/greeting.txt}"
    (tmp_path / "job.yaml").write_text(f"job: {{pool: spot}}\nstages: [{stage}]\n")
    assert environment.stack == "local"
    done = run_shoal(service, project, "run", str(tmp_path / "job.yaml"), "--job", name)
    assert done.returncode == 0, done.stderr
    assert run_shoal(service, project, "logs", name, "greet").stdout == "from the package\n"


def test_lists_show_jobs_tasks_and_nodes(shoal: Shoal, name: str) -> None:
    shoal("run", "job.yaml", "--job", name, "-p", "broken=2")
    assert [job["state"] for job in json.loads(shoal("jobs", "--json").stdout) if job["id"] == name] == ["active"]
    failed = json.loads(shoal("tasks", name, "--failed", "--json").stdout)
    assert [(task["exit_code"], task["failure"], task["result"]) for task in failed] == [
        (9, "FailureExitCode", "failure")
    ]
    assert [task["id"] for task in json.loads(shoal("tasks", name, "--state", "active", "--json").stdout)] == ["sum"]
    assert len(json.loads(shoal("tasks", name, "--limit", "2", "--json").stdout)) == 2
    nothing = shoal("tasks", name, "--state", "preparing")
    assert (nothing.stdout, nothing.stderr, nothing.returncode) == ("", "no tasks\n", 0)
    nodes = shoal("nodes", "spot").stdout.splitlines()
    assert nodes[0].split()[:3] == ["POOL", "ID", "STATE"]
    assert len(nodes) == 3
    assert shoal("nodes", "sopt").stderr == "error: the stack 'local' has no pool 'sopt'; did you mean spot?\n"


def test_disabled_job_is_said_to_be_so_and_goes_on_once_enabled(shoal: Shoal, name: str, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(
        "parameters: {here: {}}\njob: {pool: spot}\n"
        "stages: [{name: once, exit_codes: {42: disable}, command: 'test -e {{ here }}/mended || exit 42'}]\n"
    )
    shoal("submit", "job.yaml", "--job", name, "-p", f"here={tmp_path}")
    way_on = f"`shoal enable {name}`"
    wait_until(lambda: way_on in shoal("why", name).stdout)
    (tmp_path / "mended").touch()
    retried = shoal("retry", name).stderr.splitlines()
    assert retried[-1] == f"job {name} is disabled, so none of its tasks starts; {way_on} goes on"
    assert "also" not in shoal("why", name).stdout
    assert shoal("enable", name).stdout == f"{name}: enabled\n"
    assert shoal("watch", name).returncode == 0
    ended = shoal("disable", name)
    assert (ended.returncode, ended.stderr.partition(";")[0]) == (2, f"error: job '{name}' has ended")
    assert shoal("enable", name).stdout == f"{name}: was not disabled\n"
    assert shoal("enable", "nope").returncode == 2


def test_cancelled_job_runs_no_further_and_a_removed_one_is_gone(shoal: Shoal, name: str, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("job: {pool: spot}\nstages: [{name: long, command: sleep 600}]\n")
    shoal("submit", "job.yaml", "--job", name)
    assert shoal("cancel", name).stdout == f"{name}: cancelled\n"
    assert shoal("cancel", name).stdout == f"{name}: had ended before\n"
    assert shoal("watch", name).returncode == 1
    refused = shoal("rm", name)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"error: without a terminal, deleting job {name}")
    assert refused.stderr.endswith(" needs --yes\n")
    assert shoal("rm", "-y", name).stdout == f"{name}: deleted\n"
    assert shoal("watch", name).returncode == 2


def test_logs_print_what_a_task_wrote(shoal: Shoal, name: str) -> None:
    shoal("run", "job.yaml", "--job", name)
    assert shoal("logs", name, "sum").stdout == "1\n4\n9\n16\n"
    assert shoal("logs", "-f", name, "sum").stdout == "1\n4\n9\n16\n"
    assert shoal("logs", "--stderr", name, "sum").stdout == ""


def test_schema_describes_job_files_to_editors() -> None:
    done = subprocess.run([sys.executable, "-m", "shoal", "schema"], capture_output=True, text=True, check=True)
    schema = json.loads(done.stdout)
    assert set(schema["properties"]) == {"parameters", "job", "stages", "include", "macros"}
    assert "from" in schema["$defs"]["Input"]["properties"]
    sections = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    properties = [(name, value) for part in sections for name, value in part["properties"].items()]
    assert [name for name, value in properties if not value.get("description")] == []
    retries = schema["$defs"]["Job"]["properties"]["retries"]["anyOf"]
    assert [choice["type"] for choice in retries] == ["integer", "string"]


def test_interrupted_watch_ends_with_130(
    shoal: Shoal, service: Status, name: str, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "job.yaml").write_text("job: {pool: spot}\nstages: [{name: long, command: sleep 600}]\n")
    shoal("submit", "job.yaml", "--job", name)
    with (tmp_path / "said").open("w+") as said:
        watching = subprocess.Popen(
            [sys.executable, "-m", "shoal", "watch", name, *arguments],
            cwd=tmp_path,
            env={**os.environ, "SHOAL_STATE": service.state_dir, "PYTHONUNBUFFERED": "1"},
            stdout=said,
            stderr=said,
        )
        wait_until(lambda: "of 1 done" in (tmp_path / "said").read_text())
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=10) == 130
    assert f"job {name} continues; watch it again with `shoal watch {name}`" in (tmp_path / "said").read_text()
    shoal("cancel", name)


def test_progress_is_one_live_line_on_a_terminal(
    shoal: Shoal, service: Status, name: str, tmp_path: Path, arguments: list[str]
) -> None:
    shoal("submit", "job.yaml", "--job", name)
    controller, terminal = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, "-m", "shoal", "watch", name, *arguments],
        cwd=tmp_path,
        env={**os.environ, "SHOAL_STATE": service.state_dir, "TERM": "xterm", "COLUMNS": "120"},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = read_to_end(controller)
    assert watching.wait(timeout=30) == 0
    assert b"5 of 5 done" in shown
    assert b"\x1b[2K" in shown  # a line is cleared to be written again


def test_why_names_the_cause_the_evidence_and_the_next_step(shoal: Shoal, name: str) -> None:
    shoal("run", "job.yaml", "--job", name, "-p", "broken=2")
    done = shoal("why", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"job {name}: 1 task can never run, because square-2-")
    assert "\nalso: 1 task failed: exit code 9 (cannot do 2)\n" in done.stdout
    assert "\n  | cannot do 2\n" in done.stdout
    answer = json.loads(shoal("why", name, "sum", "--json").stdout)
    assert (answer["job_id"], answer["task_id"]) == (name, "sum")
    assert [(finding["code"], finding["blocks"]) for finding in answer["findings"]] == [("dependency-failed", 1)]
    missing = shoal("why", f"{name}-none")
    assert (missing.returncode, missing.stderr) == (
        2,
        f"error: there is no job '{name}-none'; `shoal jobs` lists them\n",
    )


@pytest.mark.parametrize("width", [80, 120])
def test_lists_fit_the_terminal_and_pipes_get_whole_ids(
    shoal: Shoal, service: Status, tmp_path: Path, arguments: list[str], width: int
) -> None:
    controller, terminal = pty.openpty()
    listing = subprocess.Popen(
        [sys.executable, "-m", "shoal", "nodes", *arguments],
        cwd=tmp_path,
        env={**os.environ, "SHOAL_STATE": service.state_dir, "COLUMNS": str(width)},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = read_to_end(controller).decode()
    assert listing.wait(timeout=30) == 0
    assert max(map(len, shown.splitlines())) <= width
    whole = {node["id"] for node in json.loads(shoal("nodes", "--json").stdout)}
    assert {line.split()[1] for line in shoal("nodes").stdout.splitlines()[1:]} == whole
    ends = [word.split("…")[1] for word in shown.split() if "…" in word]
    assert [len([node for node in whole if node.endswith(end)]) for end in ends] == [1] * len(whole)


def read_to_end(controller: int) -> bytes:
    """Read what a command writes to its terminal."""
    shown = b""
    try:
        while part := os.read(controller, 4096):
            shown += part
    except OSError:
        """The other end is closed when the command has ended."""
    finally:
        os.close(controller)
    return shown
