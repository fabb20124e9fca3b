from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.file.job_parameters import given_file, given_pairs
from tests.jobs.builders import job_file

WHOLE = """\
parameters:
  count: {type: int, default: 3, min: 1, max: 9}
  names: {type: list, default: [a, b]}
  size: {type: str, choices: [small, large], default: small}
job:
  id: demo-{{ run }}
  pool: spot
  retries: "{{ count - 1 }}"
  max_time: 1h30m
stages:
  - name: work
    for_each:
      product:
        name: "{{ names }}"
        number: {range: [1, "{{ count }}"]}
    command: echo {{ name }}
    slots: 2
  - name: merge
    after: work
    inputs:
      - stage: work
    command: cat
"""


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new)


def test_strings_common_to_all_tasks_are_rendered_and_keep_the_types_of_expressions(tmp_path: Path) -> None:
    found = job_file(tmp_path, WHOLE)
    assert found.job_id == "demo-r1"
    assert found.spec.job.retries == 2
    assert found.spec.job.max_time == timedelta(minutes=90)
    sweep = found.spec.stages[0].for_each
    assert sweep is not None
    assert isinstance(sweep.product, dict)
    assert sweep.product["name"] == ["a", "b"]
    assert found.spec.stages[0].command == "echo {{ name }}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("45m", 2700), ("1h30m", 5400), ("2d", 172800), ("PT5M", 300), ("P1DT2H", 93600), ("90", 90)],
)
def test_durations_are_read_in_both_forms(tmp_path: Path, text: str, seconds: int) -> None:
    assert job_file(tmp_path, changed("1h30m", text)).spec.job.max_time == timedelta(seconds=seconds)


def test_job_id_that_is_named_goes_before_the_one_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(WHOLE)
    assert read_job_file(tmp_path / "job.yaml", given={}, run="r1", job_id="mine").job_id == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed("command: echo", "comand: echo"),
         r"line 16: stages\[0\]\.comand is not a known key; did you mean command\?"),
        (changed("  pool: spot\n", ""), r"line 5: job.pool is missing"),
        (changed("slots: 2", "slots: 0"), r"line 17: stages\[0\]\.slots is 0; it must be at least 1"),
        (changed("1h30m", "soon"),
         r"line 9: job\.max_time is soon; it must be a duration such as PT10M, 10m, 1h30m or 90s"),
        (changed("{{ names }}", "{{ name }}"), r"line 14: 'name' is undefined; .*did you mean names\?"),
        (changed("{range: [1,", "{rage: [1,"),
         r"line 15: stages\[0\]\.for_each\.product\.number is wrong: an axis is a list"),
        (changed("[1, \"{{ count }}\"]", "[5, 1]"), r"line 15: .*a range begins with its lower end"),
        (changed("after: work", "after: wrok"), r"line 19: no stage 'wrok' stands before 'merge'; did you mean"),
        (changed("    after: work\n", ""), r"line 20: 'merge' reads what 'work' wrote; add `after: work`"),
        (changed("name: merge", "name: work"), r"line 18: there is a stage 'work' already"),
        (changed("name: merge", "name: wait_for_x"), r"line 18: a stage's name cannot begin with 'wait_for_'"),
        (changed("demo-{{ run }}", "demo {{ run }}"), r"line 6: the job's id 'demo r1' may hold letters, digits"),
        (changed("demo-", "d" * 70), r"line 6: the job's id 'd+r1' has 72 characters"),
        (changed("- stage: work", "- stage: work\n        from: a.csv"), r"line 21: .*exactly one of from, blobs"),
        (changed("default: 3", "default: three"), r"line 2: parameter 'count' must be of type int; found 'three'"),
    ],
)  # fmt: skip
def test_mistake_in_a_job_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        job_file(tmp_path, text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": "many"}, "parameter 'count' must be of type int; found 'many'"),
        ({"count": "0"}, "parameter 'count' is 0; it must be at least 1"),
        ({"count": 10}, "parameter 'count' is 10; it must be at most 9"),
        ({"size": "huge"}, "parameter 'size' is 'huge'; it must be one of small, large"),
        ({"conut": "1"}, r"has no such parameter; did you mean count\?"),
    ],
)
def test_value_that_a_parameter_does_not_take_is_refused(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        job_file(tmp_path, WHOLE, **given)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("int", "5", 5),
        ("float", "5", 5.0),
        ("bool", "no", False),
        ("str", "007", "007"),
        ("list", "a,2,0.5", ["a", 2, 0.5]),
        ("list", "[a, 'b,c']", ["a", "b,c"]),
    ],
)
def test_words_of_the_command_line_become_values_of_the_declared_type(
    tmp_path: Path, kind: str, given: str, value: Any
) -> None:
    text = f"parameters:\n  x: {{type: {kind}}}\njob: {{pool: spot}}\nstages: [{{name: a, command: b}}]\n"
    assert job_file(tmp_path, text, x=given).names["x"] == value


def test_parameter_without_default_must_be_given(tmp_path: Path) -> None:
    text = "parameters:\n  x: {type: int}\njob: {pool: spot}\nstages: [{name: a, command: b}]\n"
    with pytest.raises(BadInput, match=r"line 2: parameter 'x' has no default and was not given; pass -p x=…"):
        job_file(tmp_path, text)


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    assert given_pairs(["filter=a=b", "n=1"]) == {"filter": "a=b", "n": "1"}
    with pytest.raises(BadInput, match="-p n: a parameter is given as NAME=VALUE"):
        given_pairs(["n"])


def test_pair_may_be_a_file_of_values_and_the_last_of_a_name_counts(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("count: 4\nnames: [x]\n")
    file = f"@{tmp_path / 'values.yaml'}"
    assert given_pairs(["count=1", file, "q=@a"]) == {"count": 4, "names": ["x"], "q": "@a"}
    assert given_pairs([file, "count=1"]) == {"count": "1", "names": ["x"]}
    with pytest.raises(BadInput, match=r"none\.yaml does not exist"):
        given_pairs([f"@{tmp_path / 'none.yaml'}"])


def test_parameter_file_holds_typed_values(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("count: 4\nnames: [x]\n")
    assert given_file(tmp_path / "values.yaml") == {"count": 4, "names": ["x"]}
