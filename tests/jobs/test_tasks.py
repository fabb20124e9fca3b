import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shoal.environment import Package
from shoal.errors import BadInput
from tests.jobs.builders import ENVIRONMENT, IDENTITY, WITH_IDENTITY, one_stage, tasks


def only_task(folder: Path, stage: str, **more: Any) -> dict[str, Any]:
    found = tasks(folder, one_stage(stage), **more)
    assert len(found) == 1
    return found[0]


def test_task_of_a_point_is_this_body(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x")
    stage = """
for_each: {product: {n: [7]}}
command: work {{ n }} --to {{ task }}
packages: var
inputs: [{from: in.csv}]
outputs: [{pattern: "*.json"}, {pattern: logs/run.log, when: completion}]
slots: 2
retries: 3
max_time: 10m
environment: {SEED: "{{ n }}", FAST: true}
"""
    task = only_task(tmp_path, stage)
    folder = f"job-r1.RUN/work/{task['id']}"
    outputs = f"{ENVIRONMENT.blob_endpoint}/outputs?sig=***"
    line = 'export AZ_BATCH_APP_PACKAGE_VAR="${AZ_BATCH_APP_PACKAGE_var_app_0a1b_2:-$AZ_BATCH_APP_PACKAGE_VAR}"; '
    assert task == {
        "id": "work-7-542fr4tz4xm4",
        "commandLine": "/bin/sh -c " + shlex.quote(f"{line}work 7 --to {task['id']}"),
        "resourceFiles": [
            {"httpUrl": f"{ENVIRONMENT.blob_endpoint}/inputs/2d711642b726b044/in.csv?sig=***", "filePath": "in.csv"}
        ],
        "outputFiles": [
            {
                "filePattern": "*.json",
                "destination": {"container": {"containerUrl": outputs, "path": folder}},
                "uploadOptions": {"uploadCondition": "tasksuccess"},
            },
            {
                "filePattern": "logs/run.log",
                "destination": {"container": {"containerUrl": outputs, "path": f"{folder}/run.log"}},
                "uploadOptions": {"uploadCondition": "taskcompletion"},
            },
            {
                "filePattern": "../std*.txt",
                "destination": {
                    "container": {
                        "containerUrl": f"{ENVIRONMENT.blob_endpoint}/logs?sig=***",
                        "path": f"job-r1.RUN/{task['id']}",
                    }
                },
                "uploadOptions": {"uploadCondition": "taskcompletion"},
            },
        ],
        "environmentSettings": [{"name": "SEED", "value": "7"}, {"name": "FAST", "value": "true"}],
        "requiredSlots": 2,
        "constraints": {"maxTaskRetryCount": 3, "maxWallClockTime": "PT600S"},
        "applicationPackageReferences": [{"applicationId": "var-app", "version": "0a1b.2"}],
    }


def test_nodes_with_an_identity_need_no_signature(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x")
    task = only_task(
        tmp_path, 'command: x\ninputs: [{from: in.csv}]\noutputs: [{pattern: "*"}]', environment=WITH_IDENTITY
    )
    reference = {"resourceId": IDENTITY}
    assert task["resourceFiles"][0]["identityReference"] == reference
    assert task["resourceFiles"][0]["httpUrl"].endswith("/in.csv")
    container = task["outputFiles"][0]["destination"]["container"]
    assert container["identityReference"] == reference
    assert container["containerUrl"] == f"{WITH_IDENTITY.blob_endpoint}/outputs"


@pytest.mark.parametrize(
    ("source", "resource"),
    [
        ("{from: 'https://host/a/b.csv?x=1'}", {"httpUrl": "https://host/a/b.csv?x=1", "filePath": "b.csv"}),
        ("{from: 'https://host/a', to: d/c, mode: '0755'}",
         {"httpUrl": "https://host/a", "filePath": "d/c", "fileMode": "0755"}),
        ("{blobs: ref/, to: in}",
         {"storageContainerUrl": "http://127.0.0.1:4712/store/inputs?sig=***", "blobPrefix": "ref/", "filePath": "in"}),
        ("{blobs: ref/, container: shared}",
         {"storageContainerUrl": "http://127.0.0.1:4712/store/shared?sig=***", "blobPrefix": "ref/"}),
    ],
)  # fmt: skip
def test_input_becomes_a_resource_file(tmp_path: Path, source: str, resource: dict[str, str]) -> None:
    assert only_task(tmp_path, f"command: x\ninputs: [{source}]")["resourceFiles"] == [resource]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("'{{ f }}'", "data/a b#.txt"),
        ("'./{{ f }}'", "data/a b#.txt"),
        ("'data/{{ f.name }}'", "data/a b#.txt"),
        ("'{{ f }}', to: 'in/{{ f.name }}'", "in/a b#.txt"),
        ("'../{{ folder }}/{{ f }}'", "a b#.txt"),
    ],
)
def test_local_file_is_where_the_command_names_it(tmp_path: Path, source: str, path: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a b#.txt").write_text("x")
    stage = (
        f"for_each: {{product: {{f: {{files: 'data/*.txt'}}}}}}\ncommand: cat {{{{ f }}}}\ninputs: [{{from: {source}}}]"
    )
    text = one_stage(stage, parameters=f"{{folder: {{default: {tmp_path.name}}}}}")
    (task,) = tasks(tmp_path, text)
    assert task["resourceFiles"][0]["filePath"] == path


def test_each_task_may_read_a_file_of_its_own(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    stage = "for_each: {product: {f: {files: '*.txt'}}}\ncommand: x\ninputs: [{from: '{{ f }}', to: 'in.txt'}]"
    urls = [task["resourceFiles"][0]["httpUrl"] for task in tasks(tmp_path, one_stage(stage))]
    assert [url.split("/")[-1] for url in urls] == ["a.txt?sig=***", "b.txt?sig=***"]
    assert len({url.split("/")[-2] for url in urls}) == 2


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("command: x\ninputs: [{from: none.csv}]", r"job\.yaml line 6: the input file .*none\.csv does not exist"),
        (
            "command: x\ninputs: [{from: 'https://h/a', to: ../b}]",
            r"line 6: an input lands below the working directory",
        ),
        ("command: x\npackages: vra", r"line 6: the stack 'local' has no package 'vra'; did you mean var\?"),
        ("command: echo {{ n }}", r"line 5: 'n' is undefined"),
        ("command: |\n  one\n  two {{ n }}", r"line 7: 'n' is undefined"),
        ("command: x\nslots: '{{ 1 / 2 }}'", r"line 6: slots must be a whole number from 1; task work has 0\.5"),
        ("command: x\nslots: '{{ 9 ** 99 }}'", r"line 6: slots must be a whole number from 1; task work has 295126"),
        ("command: x\nslots: many", r"line 6: slots must be a whole number from 1; task work has 'many'"),
    ],
)
def test_stage_that_cannot_be_rendered_is_refused_with_its_line(tmp_path: Path, stage: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        tasks(tmp_path, one_stage(stage))


def test_list_is_run_without_a_shell(tmp_path: Path) -> None:
    stage = "for_each: {product: {n: [a b]}}\ncommand: [work, '--name={{ n }}', 5]"
    assert only_task(tmp_path, stage)["commandLine"] == "work '--name=a b' 5"


def test_command_of_several_lines_stops_at_the_first_that_fails(tmp_path: Path) -> None:
    line = only_task(tmp_path, "command: |\n  false\n  echo not reached")["commandLine"]
    done = subprocess.run(shlex.split(line), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.parametrize(
    ("set_by_the_node", "found"),
    [
        ({"AZ_BATCH_APP_PACKAGE_var_app_0a1b_2": "/versioned", "AZ_BATCH_APP_PACKAGE_VAR": "/default"}, "/versioned"),
        ({"AZ_BATCH_APP_PACKAGE_VAR": "/default"}, "/default"),
    ],
)
def test_package_is_found_by_its_name_whichever_variable_the_node_sets(
    tmp_path: Path, set_by_the_node: dict[str, str], found: str
) -> None:
    line = only_task(tmp_path, "command: printf %s $AZ_BATCH_APP_PACKAGE_VAR\npackages: var")["commandLine"]
    done = subprocess.run(shlex.split(line), env=set_by_the_node, capture_output=True, text=True, check=True)
    assert done.stdout == found


@pytest.mark.parametrize("spelling", ["Var_App_0A1b_2", "var_app_0a1b_2", "VAR"])
def test_package_with_capitals_is_found_in_whichever_case_the_node_spells_it(tmp_path: Path, spelling: str) -> None:
    environment = replace(ENVIRONMENT, packages={"var": Package(application="Var-App", version="0A1b.2")})
    text = one_stage("command: printf %s $AZ_BATCH_APP_PACKAGE_VAR\npackages: var")
    (task,) = tasks(tmp_path, text, environment)
    set_by_the_node = {f"AZ_BATCH_APP_PACKAGE_{spelling}": "/package"}
    words = shlex.split(task["commandLine"])
    done = subprocess.run(words, env=set_by_the_node, capture_output=True, text=True, check=True)
    assert done.stdout == "/package"


@pytest.mark.parametrize(
    ("logs", "conditions"), [("completion", ["taskcompletion"]), ("failure", ["taskfailure"]), ("never", [])]
)
def test_logs_are_kept_as_asked(tmp_path: Path, logs: str, conditions: list[str]) -> None:
    outputs = only_task(tmp_path, f"command: x\nlogs: {logs}")["outputFiles"]
    assert [output["uploadOptions"]["uploadCondition"] for output in outputs] == conditions


def test_slots_may_depend_on_the_point(tmp_path: Path) -> None:
    stage = "for_each: {product: {n: [1, 5]}}\ncommand: x\nslots: \"{{ (n / 2) | round(0, 'ceil') }}\""
    assert [task["requiredSlots"] for task in tasks(tmp_path, one_stage(stage))] == [1, 3]


def test_what_a_failure_does_to_others_is_said_in_exit_conditions(tmp_path: Path) -> None:
    stage = "command: x\n    on_failure: {}\n"
    text = (
        one_stage("command: x\non_failure: continue")
        + f"  - name: b\n    {stage.format('stop')}  - name: c\n    command: x\n"
    )
    found = [task["exitConditions"]["default"] for task in tasks(tmp_path, text)]
    assert found == [
        {"dependencyAction": "satisfy", "jobAction": "none"},
        {"dependencyAction": "block", "jobAction": "terminate"},
        {"dependencyAction": "block", "jobAction": "none"},
    ]
    assert "exitConditions" not in only_task(tmp_path, "command: x")
