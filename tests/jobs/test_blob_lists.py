from pathlib import Path
from typing import Any

import pytest

from shoal.connect import Services
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.jobs.binding.blob_lists import BlobLists, BlobName, names_below
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.preflight.file_check import check_file
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.sweep.sweep import points
from tests.jobs.builders import job_file, one_stage

STAGE = (
    "command: wc -c {{ b }} {{ b.size }}\nfor_each: {product: {b: {blobs: listed/}}, order: -size}\n"
    "inputs: [{blob: '{{ b }}'}]"
)


def sweep(folder: Path, stage: str, services: Services) -> BoundJob:
    def list_blobs(_: Environment, container: str, prefix: str) -> list[BlobName]:
        return names_below(services.blobs.get_container_client(container), prefix)

    environment = services.environment
    return bind(job_file(folder, one_stage(stage)), environment, BlobLists(environment, list_blobs))


@pytest.fixture(scope="module")
def listed_blobs(services: Services) -> None:
    container = services.blobs.get_container_client(services.environment.containers.inputs)
    for name, content in {"listed/a.fa": b"1", "listed/in/b c.fa": b"123", "listed-not": b""}.items():
        container.upload_blob(name, content, overwrite=True)


@pytest.mark.usefixtures("listed_blobs")
def test_blobs_below_a_prefix_are_values_that_know_their_size_and_time(tmp_path: Path, services: Services) -> None:
    found = [point["b"] for point in points(sweep(tmp_path, STAGE, services).stages[0])]
    assert found == ["listed/in/b c.fa", "listed/a.fa"]
    assert [(blob.name, blob.stem, blob.suffix, blob.size) for blob in found[:1]] == [("b c.fa", "b c", ".fa", 3)]
    assert "2026-01-01T00:00:00Z" < found[0].modified < "2100"


@pytest.mark.usefixtures("listed_blobs")
def test_task_reads_its_own_blob_under_its_name(tmp_path: Path, services: Services) -> None:
    task: dict[str, Any] = make_plan(sweep(tmp_path, STAGE, services)).stages[0].first[0]
    assert task["commandLine"] == "/bin/sh -c 'wc -c '\"'\"'listed/in/b c.fa'\"'\"' 3'"
    file = task["resourceFiles"][0]
    assert file["filePath"] == "listed/in/b c.fa"
    assert file["httpUrl"].startswith(f"{services.environment.blob_endpoint}/inputs/listed/in/b%20c.fa?")


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("{blobs: none/}", "line 6: axis 'b': no blob in the container 'inputs' begins with 'none/'"),
        ("{blobs: x, container: none}", "line 6: axis 'b': there is no container 'none'"),
    ],
)
def test_prefix_without_a_blob_is_refused_with_its_line(
    tmp_path: Path, services: Services, axis: str, message: str
) -> None:
    stage = f"command: x\nfor_each: {{product: {{b: {axis}}}}}"
    with pytest.raises(BadInput, match=message):
        make_plan(sweep(tmp_path, stage, services))


def checked(folder: Path, stage: str) -> tuple[list[str], tuple[str, ...], int | None]:
    found = check_file(job_file(folder, one_stage(stage)))
    return [problem.message for problem in found.problems], found.unchecked, found.plan.tasks if found.plan else None


@pytest.mark.parametrize(
    "sweep",
    [
        "{product: {b: {blobs: listed/}}, where: b.size > 5, order: -size}",
        "{zip: {b: {blobs: listed/}, n: [1, 2, 3]}}",
        "{zip: [{product: {b: {blobs: listed/}}}, {product: {n: [1, 2, 3]}}]}",
    ],
)
def test_check_leaves_the_points_that_are_blobs_to_plan(tmp_path: Path, sweep: str) -> None:
    problems, unchecked, tasks = checked(tmp_path, f"command: wc {{{{ b }}}} {{{{ b.modified }}}}\nfor_each: {sweep}\n")
    assert (problems, tasks) == ([], 0)
    assert len(unchecked) == 1
    assert "job.yaml line 6: the points of stage 'work', which are blobs; `shoal plan` lists them" in unchecked[0]


def test_check_finds_all_other_mistakes_of_a_stage_with_blobs(tmp_path: Path) -> None:
    problems, unchecked, tasks = checked(tmp_path, "command: wc {{ c }}\nfor_each: {product: {b: {blobs: listed/}}}\n")
    assert ["'c' is undefined" in problem for problem in problems] == [True]
    assert (len(unchecked), tasks) == (1, None)
