"""Digests of tasks for `skip: exists`: all that makes outputs changes them, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import Environment, Package
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.skip.content import TaskContent, anywhere, stage_contents
from shoal.jobs.skip.eligibility import never_skipped, skippable_stages
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import ENVIRONMENT, bound

JOB = """\
parameters: {url: {default: plain}}
job: {pool: spot, id: nightly, environment: {MODE: fast}}
stages:
  - name: work
    for_each: {product: {n: [1, 2]}}
    command: ./tool {{ n }} data.txt > out.txt
    packages: var
    environment: {LEVEL: "{{ n }}"}
    inputs:
      - {from: data.txt}
      - {blob: "set/{{ n }}.bin"}
      - {blobs: shared/}
    outputs: [{pattern: "*.txt"}]
    skip: exists
  - name: pair
    after: {stage: work, each: true}
    command: cat in/*/work/*/out.txt > pair.txt
    inputs: [{stage: work, to: in, pattern: "*.txt"}]
    outputs: [{pattern: pair.txt}]
    skip: exists
  - name: merge
    after: [work, pair]
    command: cat all/*/pair/*/pair.txt > merged.txt
    inputs: [{stage: pair, to: all}]
    outputs: [{pattern: merged.txt}]
    skip: exists
"""


class Versions:
    def __init__(self, **etags: str) -> None:
        self.etags = {"set/1.bin": "a", "set/2.bin": "b", "shared/x": "c"} | etags

    def of_blob(self, container: str, name: str) -> list[str] | None:
        return [container, name, self.etags[name]] if name in self.etags else None

    def below(self, container: str, prefix: str) -> list[str] | None:
        return [container, *(f"{name} {tag}" for name, tag in self.etags.items() if name.startswith(prefix))]


def contents(job: BoundJob, versions: Versions | None = None, software: str = "ubuntu") -> dict[str, TaskContent]:
    known: dict[str, TaskContent] = {}
    for stage in skippable_stages(anywhere(job)):
        known |= stage_contents(stage, known, versions or Versions(), software)
    return known


def digests(folder: Path, text: str = JOB, environment: Environment = ENVIRONMENT, **given: object) -> list[str | None]:
    """Return the digests of the two tasks of `work`, of the two of `pair`, and of `merge`, without barriers."""
    job = bound(folder, text, environment, **given)
    return [content.digest for content in contents(job).values() if not content.is_barrier]


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Path:
    (tmp_path / "data.txt").write_text("data")
    return tmp_path / "data.txt"


CHANGES = {
    "command": ("./tool {{ n }}", "./tool --exact {{ n }}"),
    "command as words": ("command: ./tool {{ n }} data.txt > out.txt", "command: [./tool, '{{ n }}']"),
    "shell": ("packages: var", "packages: var\n    shell: bash"),
    "environment of the stage": ("LEVEL", "DEPTH"),
    "value in the environment": ('LEVEL: "{{ n }}"', 'LEVEL: "{{ n + 1 }}"'),
    "environment of the job": ("MODE: fast", "MODE: slow"),
    "package": ("    packages: var\n", ""),
    "name of the input": ("{from: data.txt}", "{from: data.txt, to: other.txt}"),
    "mode of the input": ("{from: data.txt}", "{from: data.txt, mode: '755'}"),
    "another blob": ('blob: "set/{{ n }}.bin"', 'blob: "set/{{ 3 - n }}.bin"'),
    "prefix": ("blobs: shared/", "blobs: set/"),
    "fewer inputs": ("      - {blobs: shared/}\n", ""),
    "pattern of the outputs": ('outputs: [{pattern: "*.txt"}]', 'outputs: [{pattern: "out.txt"}]'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_part_of_a_task_changes_its_digest_and_those_of_all_later_stages(tmp_path: Path, change: str) -> None:
    before = digests(tmp_path)
    old, new = CHANGES[change]
    assert old in JOB
    after = digests(tmp_path, JOB.replace(old, new, 1))
    assert None not in before
    assert None not in after
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_values_are_part_of_the_digest_and_each_task_has_its_own(tmp_path: Path) -> None:
    assert len(set(digests(tmp_path))) == 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: nightly", "id: weekly"),
        ("id: nightly,", "id: nightly, priority: 7, retries: 3, max_time: 2h,"),
        ("packages: var", "packages: var\n    slots: 2\n    max_time: 1h\n    on_failure: stop"),
        ("parameters:", "# a comment\nparameters:"),
    ],
)
def test_names_and_limits_of_jobs_are_not_part_of_the_digest(tmp_path: Path, old: str, new: str) -> None:
    assert digests(tmp_path, JOB.replace(old, new, 1)) == digests(tmp_path)


@pytest.mark.parametrize("name", ["run", "job"])
def test_command_that_names_its_run_or_job_has_a_digest_of_its_own(tmp_path: Path, name: str) -> None:
    text = JOB.replace("./tool", f"./tool {{{{ {name} }}}}").replace("id: nightly", "id: '{{ run }}-{{ url }}'")
    assert digests(tmp_path, text, url="one") == digests(tmp_path, text, url="one")
    assert (digests(tmp_path, text, url="one") == digests(tmp_path, text, url="two")) is (name == "run")


def test_content_of_a_local_file_is_part_of_the_digest_and_its_time_is_not(tmp_path: Path, data: Path) -> None:
    before = digests(tmp_path)
    data.write_text("data")
    assert digests(tmp_path) == before
    data.write_text("other")
    assert not set(digests(tmp_path)) & set(before)


def test_version_of_a_package_and_software_of_the_pool_are_part_of_the_digest(tmp_path: Path) -> None:
    before = digests(tmp_path)
    newer = replace(ENVIRONMENT, packages={"var": Package(application="var-app", version="1")})
    assert not set(digests(tmp_path, environment=newer)) & set(before)
    job = bound(tmp_path, JOB)
    other = contents(job, software="debian")
    assert not {content.digest for content in other.values()} & {content.digest for content in contents(job).values()}


def test_place_of_the_storage_is_not_part_of_the_digest(tmp_path: Path) -> None:
    elsewhere = replace(ENVIRONMENT, blob_endpoint="https://store.blob.core.windows.net")
    assert digests(tmp_path, environment=elsewhere) == digests(tmp_path)


def test_version_of_a_blob_changes_those_that_read_it_and_those_that_wait_for_them(tmp_path: Path) -> None:
    job = bound(tmp_path, JOB)
    before, after = contents(job), contents(job, Versions(**{"set/2.bin": "new"}))
    changed = [task for task in before if before[task].digest != after[task].digest and not before[task].is_barrier]
    assert [task.partition("-")[0] for task in changed] == ["work", "pair", "merge"]
    everything = contents(job, Versions(**{"shared/y": "d"}))
    assert all(before[task].digest != everything[task].digest for task in before)


def test_missing_blob_and_all_behind_it_have_no_digest(tmp_path: Path) -> None:
    job = bound(tmp_path, JOB.replace('blob: "set/{{ n }}.bin"', 'blob: "set/{{ n + 1 }}.bin"'))
    unknown = [content.id for content in contents(job).values() if content.digest is None and not content.is_barrier]
    assert [task.partition("-")[0] for task in unknown] == ["work", "pair", "merge"]


def test_address_from_a_template_leaves_its_task_without_digest(tmp_path: Path) -> None:
    job = bound(tmp_path, JOB.replace("{from: data.txt}", "{from: '{{ url }}'}"), url="https://example.org/data.txt")
    assert {content.digest for content in contents(job).values()} == {None}


def test_pattern_that_the_task_cannot_list_leaves_it_without_digest(tmp_path: Path) -> None:
    job = bound(tmp_path, JOB.replace('"*.txt"', "'{{ url }}'", 1), url="$HOME/x")
    assert {content.digest for content in contents(job).values()} == {None}


NEVER = {
    "it reads https://example.org/x, whose content is not known": ("from: data.txt", "from: https://example.org/x"),
    "it waits for 'work', which has no `skip: exists`": ('"*.txt"}]\n    skip: exists', '"*.txt"}]'),
    "it also runs after tasks of 'work' that failed": ("packages: var", "packages: var\n    on_failure: continue"),
    "it also runs after tasks of 'work'": ("packages: var", "packages: var\n    exit_codes: {3: continue}"),
    "the files of the output '../x.txt' cannot be listed": ('pattern: "*.txt"', "pattern: ../x.txt"),
}


@pytest.mark.parametrize("reason", NEVER)
def test_stage_that_is_never_skipped_is_a_warning_with_its_reason(tmp_path: Path, reason: str) -> None:
    old, new = NEVER[reason]
    job = bound(tmp_path, JOB.replace(old, new, 1))
    assert any(f": {reason}" in warning for warning in make_plan(job).warnings)
    assert "merge" in never_skipped(job)
    assert "merge" not in [stage.name for stage in skippable_stages(job)]


def test_skip_without_outputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="skip belongs to a stage with outputs that success leaves"):
        bound(tmp_path, JOB.replace('pattern: "*.txt"}]', 'pattern: "*.txt", when: failure}]', 1))
