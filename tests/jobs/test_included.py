from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import bound

BASE = """\
parameters:
  count: {type: int, default: 3}
  word: {default: hello}
job: {pool: spot, id: base, priority: 5}
stages:
  - name: first
    for_each: {product: {n: {range: [1, "{{ count }}"]}}}
    command: echo {{ word }} {{ n }}
"""
MAIN = """\
include: shared/base.yaml
parameters: {count: {type: int, default: 2}}
job: {id: main}
stages:
  - {name: second, after: first, command: 'echo {{ word }}'}
"""


def write(folder: Path, text: str = BASE, name: str = "shared/base.yaml") -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_included_parts_come_first_and_the_including_file_overrides_them(tmp_path: Path) -> None:
    write(tmp_path)
    job = bound(tmp_path, MAIN)
    plan = make_plan(job)
    assert (plan.job_id, job.job_file.spec.job.priority) == ("main", 5)
    assert [(stage.name, stage.tasks) for stage in plan.stages] == [("first", 2), ("second", 1)]
    assert make_plan(bound(tmp_path, MAIN, word="bye")).stages[1].first[0]["commandLine"] == "/bin/sh -c 'echo bye'"


def test_file_that_is_included_on_two_ways_counts_once(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "include: [base.yaml, ../job.yaml]\nparameters: {word: {default: ho}}\n", "shared/more.yaml")
    stages = make_plan(bound(tmp_path, MAIN.replace("shared/base", "shared/more"))).stages
    assert [stage.name for stage in stages] == ["first", "second"]
    assert stages[1].first[0]["commandLine"] == "/bin/sh -c 'echo ho'"


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (BASE.replace("{{ word }}", "{{ wrod }}"), r"shared/base\.yaml line 8: 'wrod' is undefined"),
        (BASE.replace("default: 3", "default: x"), None),  # the including file has its own
        (BASE.replace("priority: 5", "priority: 5000"), r"shared/base\.yaml line 4: job\.priority is 5000"),
        (BASE.replace("for_each", "for_aech"), r"shared/base\.yaml line 7: stages\[0\]\.for_aech is not a known key"),
        (BASE.replace("[1, ", "[9, "), r"shared/base\.yaml line 7: .*a range begins with its lower end"),
        (BASE.replace("name: first", "name: second"), r"job\.yaml line 5: there is a stage 'second' already"),
        (BASE + "extra: 1\n", r"job\.yaml line 1: .*base\.yaml is included, so it may have the keys parameters, job, "),
        ("- 1\n", r"job\.yaml line 1: .*base\.yaml is included, so it may have the keys"),
        (BASE + "job: {pool: x}\n", r"shared/base\.yaml line 9: 'job' stands here twice"),
        ("a: [", r"shared/base\.yaml line 1, column 5: this is not valid YAML"),
    ],
)
def test_mistake_is_told_with_the_file_in_which_it_stands(tmp_path: Path, base: str, message: str | None) -> None:
    write(tmp_path, base)
    if message is None:
        make_plan(bound(tmp_path, MAIN))
        return
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, MAIN))


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ('"a\\0b"', r"line 1: 'a\\x00b' is no name of a file"),
        ("none.yaml", r"none\.yaml does not exist"),
        ("'{{ x }}.yaml'", "line 1: include holds names of files, without templates"),
        ("[[a]]", "line 1: include holds names of files, without templates"),
        ("{a: b}", "line 1: include holds names of files, without templates"),
    ],
)
def test_include_that_is_no_file_is_refused(tmp_path: Path, include: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, MAIN.replace("shared/base.yaml", include, 1)))
