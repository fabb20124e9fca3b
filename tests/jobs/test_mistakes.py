"""All mistakes of a job file are told at once, each with its line, and none that only follows from another."""

from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import requested_job
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.tasks.task_bodies import all_tasks
from tests.jobs.builders import ENVIRONMENT, bound


def told(folder: Path, text: str, *pairs: str) -> list[str]:
    """The messages for a job file that is planned, without the folder."""
    (folder / "job.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        make_plan(requested_job(folder / "job.yaml", ENVIRONMENT, pairs=pairs, parameters=None, job_id=None))
    return str(refused.value).replace(f"{folder}/", "").splitlines()


def lines(messages: list[str]) -> list[int]:
    return [int(message.split()[2].rstrip(":")) for message in messages]


EVERYTHING = """\
parameters:
  count: {type: int, defualt: 3}
  size: {type: int, default: many}
job:
  pool: spto
  max_time: soon
stages:
  - name: work
    comand: echo
    slots: 0
  - name: sweep
    for_each: {zip: {a: [1, 2], b: [1]}, product: {c: [1, 1]}}
    command: echo {{ a }
    environment: {A: "{{ size }}"}
  - name: merge
    after: wrok
    inputs: [{stage: work}, {from: none.csv}, {from: "{{ file }}"}]
    packages: vra
    command: echo {{ size }}
    environment: {B: "{{ nope }}", C: "{{ count }}"}
"""


def test_mistakes_of_every_kind_are_told_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    messages = told(tmp_path, EVERYTHING, "conut=1")
    assert messages[:8] == [
        "-p conut: job.yaml has no such parameter; did you mean count?",
        "job.yaml line 2: parameters.count.defualt is not a known key; did you mean default?",
        "job.yaml line 3: parameter 'size' must be of type int; found 'many'",
        "job.yaml line 6: job.max_time is soon; it must be a duration such as PT10M, 10m, 1h30m or 90s",
        "job.yaml line 9: stages[0].comand is not a known key; did you mean command?",
        "job.yaml line 10: stages[0].slots is 0; it must be at least 1",
        "job.yaml line 12: the axes of a zip must be equally long; a has 2, b has 1",
        "job.yaml line 12: axis 'c': the value 1 stands twice",
    ]
    assert lines(messages[8:]) == [13, 16, 17, 17, 18, 20]
    assert "did you mean work?" in messages[9]
    assert "the input file none.csv does not exist" in messages[10]
    assert "'file' is undefined" in messages[11]
    assert "did you mean var?" in messages[12]
    assert "'nope' is undefined" in messages[13]


JOB = "job: {pool: spot}\nstages:\n"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(
            "paramters: {n: {default: x}}\n" + JOB + "  - {name: a, command: 'echo {{ n }}'}\n",
            ["job.yaml line 1: paramters is not a known key; did you mean parameters?"],
            id="names of a misspelt section",
        ),
        pytest.param(
            "jbo: {pool: spot}\nstages: [{name: a, command: b}]\n",
            ["job.yaml line 1: jbo is not a known key; did you mean job?"],
            id="the key that a misspelt one should be",
        ),
        pytest.param(
            "parameters: {n: {type: int, default: x}}\n"
            + JOB.replace("spot", "'{{ n }}'")
            + "  - {name: a, command: 'echo {{ n }}', for_each: {product: {i: {range: [1, '{{ n }}']}}}}\n"
            + "  - {name: b, command: 'echo {{ n }}', after: a, inputs: [{stage: a}]}\n",
            ["job.yaml line 1: parameter 'n' must be of type int; found 'x'"],
            id="uses of a wrong parameter",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b, slots: 0}\n"
            + "  - {name: b, command: b, after: a, inputs: [{stage: a}]}\n",
            ["job.yaml line 3: stages[0].slots is 0; it must be at least 1"],
            id="stages after a wrong one",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b}\n"
            + "  - {name: b, command: b, after: aa, inputs: [{stage: a}]}\n",
            ["job.yaml line 4: no stage 'aa' stands before 'b'; did you mean a?"],
            id="inputs from a misspelt stage",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b, for_each: {product: {n: [1, 1]}}}\n"
            + "  - {name: b, command: b, after: a}\n",
            ["job.yaml line 3: axis 'n': the value 1 stands twice"],
            id="dependents of a wrong sweep",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b, for_each: {product: {n: [1, 1]}}}\n"
            + "  - {name: b, command: b, after: {stage: a, each: true}, inputs: [{stage: a}]}\n"
            + "  - {name: c, command: b, after: {stage: b, by: n}}\n",
            ["job.yaml line 3: axis 'n': the value 1 stands twice"],
            id="groups of a wrong sweep",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b, slots: 0}\n"
            + "  - {name: b, command: 'b {{ file.stem }}', for_each: {outputs: a}}\n"
            + "  - {name: c, command: b, after: {stage: b, each: true}}\n",
            ["job.yaml line 3: stages[0].slots is 0; it must be at least 1"],
            id="fan-out over a wrong stage",
        ),
        pytest.param(
            JOB
            + "  - {name: a, command: b}\n"
            + "  - {name: b, command: 'b {{ file.stem }}', for_each: {outputs: aa}, inputs: [{stage: a}]}\n",
            ["job.yaml line 4: no stage 'aa' stands before 'b'; did you mean a?"],
            id="fan-out over a misspelt stage",
        ),
    ],
)  # fmt: skip
def test_one_cause_has_one_message(tmp_path: Path, text: str, messages: list[str]) -> None:
    assert told(tmp_path, text) == messages


@pytest.mark.parametrize(
    ("stage", "messages"),
    [
        ("command: {a: 1}", ["stages[0].command is a mapping; it must be a line for the shell, or a list of words"]),
        ("command: [a, [b]]", ["stages[0].command[1] is a list; it must be text, a number, true or false"]),
        ("command: b, after: 5, logs: maybe", ["stages[0].after is 5; it must be a list",
         "stages[0].logs is maybe; it must be 'completion', 'failure' or 'never'"]),
        ("command: b, for_each: {table: {fiel: x}, product: {n: {range: [5, a]}}}",
         ["stages[0].for_each.product.n.range[1] is a; it must be a number",
          "stages[0].for_each.table.fiel is not a known key; did you mean file?"]),
        ("command: b, inputs: [{from: a, blobs: b}, {mode: x}], retries: -2",
         ["stages[0].inputs[0] is wrong: exactly one of from, blobs, blob, stage is needed here",
          "stages[0].inputs[1].mode is x; it must be three octal digits such as 755",
          "stages[0].retries is -2; it must be at least -1"]),
        ("command: b, max_time: 0s", ["stages[0].max_time is 0s; it must be longer than nothing"]),
    ],
)  # fmt: skip
def test_mistake_has_key_value_and_what_is_allowed(tmp_path: Path, stage: str, messages: list[str]) -> None:
    text = JOB + f"  - {{name: a, {stage}}}\n"
    assert sorted(told(tmp_path, text)) == sorted(f"job.yaml line 3: {message}" for message in messages)


def test_keys_that_stand_twice_are_told_with_all_others(tmp_path: Path) -> None:
    text = "job: {pool: spot}\njob: {pool: spot, pririty: 1}\nstages: [{name: a, command: b}]\n"
    assert told(tmp_path, text) == [
        "job.yaml line 2: 'job' stands here twice, first on line 1",
        "job.yaml line 2: job.pririty is not a known key; did you mean priority?",
    ]


def test_file_with_a_mistake_has_no_tasks(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB + "  - {name: a, command: b}\n  - {name: b, command: b, slots: 0}\n")
    job = requested_job(tmp_path / "job.yaml", ENVIRONMENT, pairs=[], parameters=None, job_id=None)
    with pytest.raises(BadInput, match="line 4"):
        next(all_tasks(job))


def test_after_a_mistake_only_the_first_tasks_of_other_stages_are_looked_at(tmp_path: Path) -> None:
    job = bound(
        tmp_path,
        JOB + "  - {name: a, command: 'x {{ 1 / (n - 5000) }}', for_each: {product: {n: {range: [1, 9999]}}}}\n",
    )
    with pytest.raises(BadInput, match="ZeroDivisionError"):
        make_plan(job)
    messages: list[str] = told(tmp_path, (tmp_path / "job.yaml").read_text().replace("spot", "spto"))
    assert lines(messages) == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("job: {pool: spot, on_failure: stop}", "job.on_failure is not a known key; it is a key of stages"),
        ("job: {pool: spot, environmnt: {}}", "job.environmnt is not a known key; did you mean environment?"),
        ("pool: spot\njob: {pool: spot}", "pool is not a known key; it is a key of job"),
        (
            "job: {pool: spot, pattern: x}",
            "job.pattern is not a known key; it is a key of stages.for_each and of stages.inputs and of stages.outputs",
        ),
    ],
)
def test_key_of_another_level_is_told_where_it_belongs(tmp_path: Path, text: str, message: str) -> None:
    messages = told(tmp_path, f"{text}\nstages: [{{name: a, command: b}}]\n")
    assert [line.partition(": ")[2] for line in messages] == [message]


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("parameters: {}", "stages[0].parameters is not a known key; it is a key of the whole file"),
        (
            "inputs: [{stage: a, when: always}]",
            "stages[0].inputs[0].when is not a known key; it is a key of stages.outputs",
        ),
        (
            "outputs: [{pattern: x, from: y}]",
            "stages[0].outputs[0].from is not a known key; it is a key of stages.inputs",
        ),
    ],
)
def test_key_of_another_part_of_a_stage_is_told_where_it_belongs(tmp_path: Path, stage: str, message: str) -> None:
    messages = told(tmp_path, f"job: {{pool: spot}}\nstages: [{{name: a, command: b, {stage}}}]\n")
    assert message in "\n".join(messages)
