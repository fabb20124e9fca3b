"""The jobs that a stack's configuration lists: how they are read, named and refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shoal.deploy.resources.properties import UNKNOWN
from shoal.environment import Environment, Package, to_json
from shoal.errors import BadInput
from shoal.projects.project import read_stack
from shoal.stack_jobs.configuration import listed_jobs
from shoal.stack_jobs.job_preview import expected_environment, expected_jobs
from shoal.stack_jobs.submission import PlannedJob, plan_all
from tests.jobs.builders import ENVIRONMENT

JOB = """\
parameters: {last: {type: int, default: 3}}
job: {pool: spot, id: "sweep-{{ run }}"}
stages:
  - name: work
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: cat in.txt; echo {{ n }}
    packages: var
    inputs: [{from: in.txt}]
"""
PROJECT = "name: p\nruntime: python\nconfig:\n  jobs: {type: array, items: {type: object}, default: []}\n"


def write(folder: Path, jobs: str, *, job: str = JOB) -> None:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  p:jobs: {jobs}\n")
    (folder / "job.yaml").write_text(job)
    (folder / "in.txt").write_text("input\n")


def planned(folder: Path, environment: Environment = ENVIRONMENT) -> list[PlannedJob]:
    return plan_all(listed_jobs(read_stack("dev", folder)), environment)


def job_ids(folder: Path, environment: Environment = ENVIRONMENT) -> list[str]:
    return [job.plan.job_id for job in planned(folder, environment)]


def test_paths_are_relative_to_the_project_and_only_the_file_is_required(tmp_path: Path) -> None:
    write(tmp_path, "[{file: a/job.yaml}, {file: b.yaml, parameters: {day: 2024-01-31, n: 2}, wait: true}]")
    first, second = listed_jobs(read_stack("dev", tmp_path))
    assert (first.path, first.parameters, first.wait) == (tmp_path / "a" / "job.yaml", {}, False)
    assert (second.parameters, second.wait) == ({"day": "2024-01-31", "n": 2}, True)


def test_file_whose_name_no_file_can_have_is_refused(tmp_path: Path) -> None:
    write(tmp_path, '[{file: "a\\0b.yaml"}]')
    with pytest.raises(BadInput, match=r"^p:jobs\[0\]: .* cannot be read: embedded null byte"):
        planned(tmp_path)


def test_stack_that_lists_nothing_has_no_jobs(tmp_path: Path) -> None:
    write(tmp_path, "[]")
    assert listed_jobs(read_stack("dev", tmp_path)) == []


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ("[{fiel: job.yaml, file: job.yaml}]", "p:jobs[0].fiel is not a known key; did you mean file?"),
        ("[{parameters: {a: 1}}]", "p:jobs[0].file is missing"),
        ("[{fiel: job.yaml}]", "p:jobs[0].fiel is not a known key; did you mean file? (Pulumi.dev.yaml)"),
        ("[{file: ''}]", "p:jobs[0].file is empty; it must say something"),
        ("[{file: 3}]", "p:jobs[0].file is 3; it must be text"),
        ("[{file: job.yaml, wait: soon}]", "p:jobs[0].wait is soon; it must be true or false"),
        ("[{file: job.yaml, parameters: [a]}]", "p:jobs[0].parameters is a list; it must be a mapping"),
        ("[{file: job.yaml, parameters: {a: {secure: x}}}]", "p:jobs holds something encrypted"),
    ],
)
def test_wrong_entry_is_refused_by_file_key_value_and_rule(tmp_path: Path, jobs: str, message: str) -> None:
    write(tmp_path, jobs)
    with pytest.raises(BadInput) as refused:
        listed_jobs(read_stack("dev", tmp_path))
    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith("(Pulumi.dev.yaml)")


def test_all_that_is_wrong_with_the_files_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "[{file: none.yaml}, {file: job.yaml}, {file: job.yaml, parameters: {lats: 2}}]")
    with pytest.raises(BadInput) as refused:
        planned(tmp_path)
    none, lats = str(refused.value).splitlines()
    assert none == f"p:jobs[0]: {tmp_path}/none.yaml does not exist"
    assert lats.startswith("p:jobs[2]: -p lats: ")
    assert "did you mean last?" in lats


def test_job_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml}, {file: job.yaml, parameters: {last: 3}}]")
    with pytest.raises(BadInput, match=r"p:jobs\[1\] \(job.yaml\) is the same job as p:jobs\[0\], 'sweep-"):
        planned(tmp_path)


def test_job_is_named_by_its_content_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml}]")
    (first,) = job_ids(tmp_path)
    assert len(first) == len("sweep-") + 12
    (tmp_path / "job.yaml").write_text(f"# a comment\n{JOB}")
    elsewhere = replace(ENVIRONMENT, blob_endpoint="http://127.0.0.1:9/store", node_identity="/id")
    assert job_ids(tmp_path, elsewhere) == [first]


@pytest.mark.parametrize("change", ["command", "parameter", "input", "package", "stack", "retries", "pool"])
def test_whatever_the_tasks_are_made_of_makes_another_job(tmp_path: Path, change: str) -> None:
    write(tmp_path, "[{file: job.yaml}]")
    first, environment = job_ids(tmp_path), ENVIRONMENT
    match change:
        case "command":
            (tmp_path / "job.yaml").write_text(JOB.replace("echo", "printf"))
        case "parameter":
            write(tmp_path, "[{file: job.yaml, parameters: {last: 4}}]")
        case "input":
            (tmp_path / "in.txt").write_text("other\n")
        case "package":
            environment = replace(environment, packages={"var": Package(application="var-app", version="2")})
        case "stack":
            environment = replace(environment, stack="prod")
        case "retries":
            (tmp_path / "job.yaml").write_text(JOB.replace("pool: spot", "pool: spot, retries: 2"))
        case "pool":
            environment = replace(environment, pools={"spot": replace(environment.pools["spot"], id="other")})
    assert job_ids(tmp_path, environment) != first


def test_parameter_called_run_names_the_run(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml, parameters: {run: friday}}]")
    assert job_ids(tmp_path) == ["sweep-friday"]


def test_job_of_a_stack_that_is_only_previewed_has_tasks_and_no_name_until_its_package_is_known(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml}]")
    known = to_json(ENVIRONMENT)
    previewed = {
        **{name: value for name, value in known.items() if name != "blob_endpoint"},
        "batch_endpoint": UNKNOWN,
        "packages": {"var": {"application": "var", "version": UNKNOWN}},
    }
    environment = expected_environment(previewed)
    (job,) = expected_jobs(planned(tmp_path, environment), environment)
    assert (job.job_id, job.tasks, job.missing, job.wait) == (None, 3, 3, False)
    environment = expected_environment({**previewed, "packages": known["packages"]})
    (job,) = expected_jobs(planned(tmp_path, environment), environment)
    assert [job.job_id] == job_ids(tmp_path)


def test_slots_are_checked_against_the_pool_as_far_as_it_is_known(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml}]", job=JOB.replace("packages: var", "slots: 9"))
    document = json.loads(json.dumps(to_json(ENVIRONMENT)))
    with pytest.raises(BadInput, match="takes 9 slots; a node of pool 'spot-pool' has 4"):
        planned(tmp_path, expected_environment(document))
    document["pools"]["spot"]["task_slots_per_node"] = UNKNOWN
    assert len(planned(tmp_path, expected_environment(document))) == 1


def test_outputs_that_are_no_environment_document_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "[{file: job.yaml}]")
    with pytest.raises(BadInput, match="the stack's outputs are not an environment document"):
        expected_environment({"greeting": "hello"})
