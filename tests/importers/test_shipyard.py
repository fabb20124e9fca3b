"""`shoal import shipyard`: the tasks of the job file print what Batch Shipyard's documentation says its tasks print."""

import json
import random
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from shoal.cli import shoal
from shoal.errors import BadInput
from shoal.importers.imported import Imported
from shoal.importers.shipyard import imported_jobs
from shoal.jobs.binding.blob_lists import BlobLists, BlobName
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.tasks.task_bodies import all_tasks
from tests.jobs.builders import ENVIRONMENT, tasks


def imported(job: str) -> Imported:
    [found] = imported_jobs(yaml.safe_load("job_specifications:\n- id: job\n" + job), pool="spot")
    return found


def printed(folder: Path, job: str) -> list[str]:
    """Run the command of every task, and return what each prints."""
    bodies = tasks(folder, imported(job).text("jobs.yaml"))
    lines = [shlex.split(body["commandLine"]) for body in bodies]
    return [subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip() for line in lines]


def factory(text: str, command: str) -> str:
    return f"  tasks:\n  - task_factory: {text}\n    command: '{command}'\n"


@pytest.mark.parametrize(
    ("text", "command", "expected"),
    [
        ("{parametric_sweep: {product: [{start: 0, stop: 4, step: 1}]}}", "echo {}", ["0", "1", "2", "3"]),
        (
            "{parametric_sweep: {product: [{start: 0, stop: 3, step: 1}, {start: 100, stop: 97, step: -1}]}}",
            "echo {0} {1}",
            [f"{first} {second}" for first in (0, 1, 2) for second in (100, 99, 98)],
        ),
        (
            "{parametric_sweep: {combinations: {iterable: [abc, '012', def], length: 2, replacement: false}}}",
            "echo {0} {1}",
            ["abc 012", "abc def", "012 def"],
        ),
        (
            "{parametric_sweep: {combinations: {iterable: [a, b], length: 2, replacement: true}}}",
            "echo {0} {1}",
            ["a a", "a b", "b b"],
        ),
        (
            "{parametric_sweep: {permutations: {iterable: [abc, '012', def], length: 2}}}",
            "echo {0} {1}",
            ["abc 012", "abc def", "012 abc", "012 def", "def abc", "def 012"],
        ),
        ("{parametric_sweep: {permutations: {iterable: AB}}}", "echo {} {}", ["A B", "B A"]),
        ("{parametric_sweep: {zip: [abc, '012', def]}}", "echo {0} {1} {2}", ["a 0 d", "b 1 e", "c 2 f"]),
        (
            "{parametric_sweep: {product_iterables: [ab, ['0.1', '0.2']]}}",
            "echo {1} {0}",
            ["0.1 a", "0.2 a", "0.1 b", "0.2 b"],
        ),
        ("{repeat: 3}", "echo same", ["same"] * 3),
    ],
)
def test_factory_makes_the_tasks_that_shipyard_documents(
    text: str, command: str, expected: list[str], tmp_path: Path
) -> None:
    assert printed(tmp_path, factory(text, command)) == expected


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        ("integer: {start: 2, stop: 8, step: 3}", lambda generator: generator.randrange(2, 8, 3)),
        ("distribution: {uniform: {a: 0, b: 2.5}}", lambda generator: generator.uniform(0, 2.5)),
        ("distribution: {triangular: {low: 0, high: 1, mode: null}}", lambda generator: generator.triangular(0, 1)),
        ("distribution: {exponential: {lambda: 2}}", lambda generator: generator.expovariate(2)),
        ("distribution: {weibull: {alpha: 1, beta: 1.5}}", lambda generator: generator.weibullvariate(1, 1.5)),
    ],
)
def test_random_values_are_those_of_the_seed(
    draw: str, expected: Callable[[random.Random], float], tmp_path: Path
) -> None:
    generator = random.Random(3)
    values = [str(expected(generator)) for _ in range(8)]
    assert printed(tmp_path, factory(f"{{random: {{generate: 8, seed: 3, {draw}}}}}", "echo {}")) == values


def test_braces_are_format_fields_only_with_a_factory(tmp_path: Path) -> None:
    job = "  tasks:\n  - command: 'echo {} {{ x }} {% y %}'\n"
    assert printed(tmp_path, job) == ["{} {{ x }} {% y %}"]
    assert printed(tmp_path, factory("{parametric_sweep: {zip: [ab]}}", "echo {{ {} }}")) == ["{ a }", "{ b }"]


def test_merge_task_runs_after_all_others_and_failures_act_as_declared(tmp_path: Path) -> None:
    job = """\
  max_task_retries: 2
  max_wall_time: 1.02:00:30
  exit_conditions: {default: {exit_options: {job_action: terminate}}}
  tasks:
  - id: part one
    command: echo a
    exit_conditions: {default: {exit_options: {dependency_action: satisfy}}}
  - {command: echo b, depends_on: [part one], max_wall_time: '00:10:00'}
  merge_task: {command: echo c}
"""
    content = imported(job).content
    assert content["job"] == {"id": "job", "pool": "spot", "retries": 2, "max_time": "1d2h30s"}
    first, second, merge = content["stages"]
    assert (first["name"], first["on_failure"]) == ("part-one", "continue")
    assert (second["after"], second["on_failure"], second["max_time"]) == (["part-one"], "stop", "10m")
    assert merge == {"name": "merge", "after": ["part-one", "task-1"], "command": "echo c", "on_failure": "stop"}
    assert printed(tmp_path, job) == ["a", "b", "c"]


def test_every_key_is_carried_over_or_listed_with_its_place() -> None:
    job = """\
  auto_complete: true
  recurrence: {schedule: {recurrence_interval: '00:05:00'}}
  tasks:
  - docker_image: busybox
    command: echo a
    colour: red
    multi_instance: {num_instances: 2}
"""
    listed = {entry.key: entry.reason for entry in imported(job).left_out}
    place = "job_specifications[0]"
    assert set(listed) == {
        f"{place}.recurrence.schedule.recurrence_interval",
        f"{place}.tasks[0].docker_image",
        f"{place}.tasks[0].colour",
        f"{place}.tasks[0].multi_instance.num_instances",
    }
    assert listed[f"{place}.tasks[0].colour"] == "this is no key of Batch Shipyard that Shoal knows"


def test_image_of_docker_becomes_the_container_of_the_stage_with_its_options(tmp_path: Path) -> None:
    job = """\
  default_working_dir: container
  tasks:
  - docker_image: example.azurecr.io/solver:3
    command: solve
    shm_size: 2g
    ports: [8080:80]
    additional_docker_run_options: ['--env A="b c"', --init]
  - {docker_image: busybox, command: pwd, default_working_dir: batch}
  - {command: hostname, shm_size: 1g}
  merge_task: {docker_image: busybox, command: ls}
"""
    found = imported(job)
    assert [stage.get("container") for stage in found.content["stages"]] == [
        {
            "image": "example.azurecr.io/solver:3",
            "run_options": "--shm-size 2g --publish 8080:80 --env 'A=b c' --init",
            "working_directory": "image",
        },
        {"image": "busybox"},
        None,
        {"image": "busybox", "working_directory": "image"},
    ]
    bodies = list(tasks(tmp_path, found.text("jobs.yaml")))
    assert bodies[0]["containerSettings"]["imageName"] == "example.azurecr.io/solver:3"
    assert "containerSettings" not in bodies[2]
    listed = {entry.key: entry.reason for entry in found.left_out}
    assert "`containers: {images: ['busybox']}`" in listed["job_specifications[0].tasks[1].docker_image"]
    assert "setting of the stack's pool" in listed["job_specifications[0].tasks[2].shm_size"]


def test_other_containers_and_entry_points_are_listed() -> None:
    job = "  tasks:\n  - {command: a, singularity_image: s, docker_image: d, entrypoint: /run, ports: [1]}\n"
    listed = {entry.key.rpartition(".")[2]: entry.reason for entry in imported(job).left_out}
    assert "images of docker" in listed["singularity_image"]
    assert "begin the command with the program" in listed["entrypoint"]
    assert "ports" not in listed


def test_signatures_of_addresses_are_not_carried_over() -> None:
    job = """\
  tasks:
  - command: get 'https://a.blob.core.windows.net/c/f?sv=1&sig=SECRET%3D'
    resource_files: [{blob_source: 'https://a.blob.core.windows.net/c/g?sig=SECRET&sv=1', file_path: g}]
"""
    text = imported(job).text("jobs.yaml")
    assert "SECRET" not in text
    assert "https://a.blob.core.windows.net/c/g" in text
    assert "signature" in text


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ([], "the configuration must be a mapping"),
        ({}, "there are no job_specifications"),
        ({"job_specifications": 5}, "job_specifications must be a list"),
        ({"job_specifications": [5]}, r"job_specifications\[0\] must be a mapping"),
        ({"job_specifications": [{}]}, r"job_specifications\[0\].id is missing"),
        ({"job_specifications": [{"id": "a"}]}, r"job_specifications\[0\] has no tasks"),
        ({"job_specifications": [{"id": "a", "tasks": [{}]}]}, r"tasks\[0\].command is missing"),
        (
            {
                "job_specifications": [
                    {
                        "id": "a",
                        "tasks": [{"command": "x", "docker_image": "i", "additional_docker_run_options": ["-e 'a"]}],
                    }
                ]
            },
            r"tasks\[0\].additional_docker_run_options: '-e 'a' has a quote that is not closed",
        ),
        (
            {"job_specifications": [{"id": "a", "tasks": [{"command": "x", "depends_on": ["b"]}]}]},
            "there is no task 'b'",
        ),
        (
            {"job_specifications": [{"id": "a", "max_wall_time": "soon", "tasks": [{"command": "x"}]}]},
            "max_wall_time must be a duration",
        ),
        (
            {
                "job_specifications": [
                    {"id": "a", "tasks": [{"command": "x {1}", "task_factory": {"parametric_sweep": {"zip": ["a"]}}}]}
                ]
            },
            r"the task factory has no value for '\{1\}'",
        ),
        (
            {
                "job_specifications": [
                    {
                        "id": "a",
                        "tasks": [
                            {
                                "command": "x {}",
                                "task_factory": {
                                    "parametric_sweep": {"product": [{"start": 0, "stop": 10**12, "step": 1}]}
                                },
                            }
                        ],
                    }
                ]
            },
            "1000000000000 values; 1 to 100000 can be carried over",
        ),
    ],
)
def test_wrong_configuration_is_one_message_with_the_key(configuration: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        imported_jobs(configuration)


def test_command_writes_a_file_for_each_job_and_never_over_another(tmp_path: Path) -> None:
    source = tmp_path / "jobs.yaml"
    source.write_text("job_specifications:\n- {id: a, tasks: [{command: x}]}\n- {id: b, tasks: [{command: y}]}\n")
    runner = CliRunner()
    refused = runner.invoke(shoal, ["import", "shipyard", str(source)])
    assert "choose one with --only, or give --out" in str(refused.exception)
    one = runner.invoke(shoal, ["import", "shipyard", str(source), "--only", "b", "--pool", "spot"])
    assert "command: y" in one.stdout
    arguments = ["import", "shipyard", str(source), "--out", str(tmp_path / "made")]
    assert runner.invoke(shoal, arguments).exit_code == 0
    (tmp_path / "made" / "a.yaml").unlink()
    again = runner.invoke(shoal, arguments)
    assert "b.yaml exists already" in str(again.exception)
    assert not (tmp_path / "made" / "a.yaml").exists()  # nothing is half done


def test_json_has_the_job_and_what_is_missing(tmp_path: Path) -> None:
    source = tmp_path / "jobs.yaml"
    source.write_text("job_specifications:\n- {id: a, tasks: [{command: x, gpu: true}]}\n")
    answer = json.loads(CliRunner().invoke(shoal, ["import", "shipyard", str(source), "--json"]).stdout)
    assert answer["jobs"][0]["content"]["stages"][0]["command"] == "x"
    assert "job_specifications[0].tasks[0].gpu" in [entry["key"] for entry in answer["jobs"][0]["left_out"]]


@pytest.mark.parametrize(
    ("path", "target"), [("file_path", "dir/a.b.png"), ("file_name", "a.b.png"), ("file_name_no_extension", "a")]
)
def test_file_factory_gives_each_blob_a_task_and_its_file(path: str, target: str, tmp_path: Path) -> None:
    text = (
        "{file: {azure_storage: {storage_account_settings: s, remote_path: pictures/dir, include: ['*.png'], "
        f"exclude: ['*z.png', '*y.png']}}, task_filepath: {path}}}}}"
    )
    command = "echo {file_path_with_container} {file_path} {file_name} {file_name_no_extension}"
    (tmp_path / "job.yaml").write_text(imported(factory(text, command)).text("jobs.yaml"))
    blobs = [BlobName(name, 1) for name in ("dir/a.b.png", "dir/c.txt", "dir/z.png", "dir/y.png")]
    lists = BlobLists(
        ENVIRONMENT, lambda _, container, prefix: blobs if (container, prefix) == ("pictures", "dir") else []
    )
    [body] = all_tasks(bind(read_job_file(tmp_path / "job.yaml", given={}, run="r1"), ENVIRONMENT, lists))
    printed_line = subprocess.run(shlex.split(body["commandLine"]), capture_output=True, text=True, check=True).stdout
    assert printed_line == "pictures/dir/a.b.png dir/a.b.png a.b.png a\n"
    [file] = body["resourceFiles"]
    assert file["filePath"] == target
    assert "/pictures/dir/a.b.png" in file["httpUrl"]
