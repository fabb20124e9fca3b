"""Job files with mistakes that no person would make: a refusal with file and line, in bounded time and memory."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import requested_job
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import ENVIRONMENT

HEAD = "job: {pool: spot, id: j}\nstages:\n  - name: w\n    command: "
WHOLE = """\
parameters:
  last: {type: int, default: 3, min: 1}
  words: {type: list, default: [a, b]}
job: {pool: spot, id: "j-{{ run }}", retries: 2, max_time: 1h, environment: {A: b}, metadata: {c: d}}
stages:
  - name: one
    for_each:
      product: {n: {range: [1, "{{ last }}"]}, w: "{{ words }}"}
      where: n > 1
    command: echo {{ n }} "{{ w }}" $(({{ n }} + 1)) > out.txt
    outputs: [{pattern: out.txt}]
    slots: "{{ 1 }}"
  - name: two
    after: one
    inputs: [{stage: one, to: parts}]
    command: [cat, "parts/{{ job }}"]
"""
ODDITIES = [
    *"{}[]'\"&*!|>%@`#:,?-\n\t\0",
    *(
        "{{",
        "}}",
        "{%",
        "!!int ''",
        "!!float x",
        "!!timestamp nope",
        "!!set {a}",
        "&a [*a]",
        "<<: 3",
        "1e999",
        "-1e999",
    ),
    *(".inf", "99999999999999999999999", "null", "~", "\ud800", "[[[[[", "{a: "),
    *("'%99999999d' % 1", "'x' * 9999999999", "9 ** 9 ** 9"),
]


def planned(folder: Path, text: str) -> None:
    path = folder / "job.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    make_plan(requested_job(path, ENVIRONMENT, pairs=[], parameters=None, job_id=None))


def swept(axis: str) -> str:
    return f"{HEAD}x {{{{ n }}}}\n    for_each: {{product: {{n: {axis}}}}}\n"


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "\n".join(lines) + "\n" + HEAD + "x\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("job: " + "[" * 5000 + "]" * 5000, r"line 1.* more than 60 levels"),
        ("job: &a {pool: spot, x: *a}\nstages: []\n", "more than 60 levels"),
        (laughs(), r"line \d+.* more than 1000000 values"),
        (HEAD + "x\n    slots: !!int ''\n", r"line 5, column 12: .* does not fit its tag !!int"),
        (HEAD + "x\n    slots: !!float ''\n", "does not fit its tag !!float"),
        (HEAD + "x\n    slots: !!timestamp nope\n", "does not fit its tag !!timestamp"),
        ("job: {}\na: \0\n", r"line 2: the character .* is not allowed in YAML"),
        (swept("{files: ''}"), "'' is not a pattern of files"),
        (swept("{files: '**x'}"), r"line 5: axis 'n': '\*\*x' is not a pattern of files"),
        (swept("{range: [0.5, 1e999]}"), "the numbers of a range must be finite"),
        (swept("{range: [0, 1, 1e-9]}"), "the range has more than 10000000 steps"),
        (swept("{range: [0, 99999999999999999999999]}"), "the range has more than 10000000 steps"),
        (swept("[1e999, -1e999]"), "the value inf is not a finite number"),
        (
            swept("{range: [1, 9000000]}, m: {range: [1, 9000000]}"),
            "line 5: the sweep has more than 10,000,000 points, counted before where, exclude and limit",
        ),
        (swept("[1, .nan]"), "line 5: .*the value nan is not a finite number"),
        (swept("[-.inf]"), "line 5: .*the value -inf is not a finite number"),
        (swept("[[1, {a: .nan}]]"), "line 5: .*the value nan is not a finite number"),
        (swept("{range: [0, .inf]}"), "the numbers of a range must be finite"),
        (HEAD + "x {{ n }}\n    for_each: {include: [{n: .nan}]}\n", "line 5: .*the value nan is not a finite"),
        (HEAD + "x\n    environment: {A: .nan}\n", "line 5: .*nan is not a finite number; put quotes"),
        ("parameters: {p: {type: float, default: .inf}}\n" + HEAD + "x\n", "line 1: .*inf is not a finite"),
        (
            HEAD + "x {{ n }}\n    for_each: {random: {draws: 2, seed: 1, axes: {n: {uniform: [0, .inf]}}}}\n",
            "line 5: .*finite",
        ),
        (swept("[99999999999999999999999999]"), "Integer exceeds 64-bit range"),
        (HEAD + "x\n    inputs: [{from: pipe.csv}]\n", "is not a file"),
        (HEAD + "x {{ a }}\n    for_each: {table: pipe.csv}\n", "is not a file"),
        ("macros: pipe.csv\n" + HEAD + "x\n", r"line 1: .*pipe\.csv is not a file"),
        (HEAD + 'x\n    inputs: [{from: "a\\0b"}]\n', "is no name of a file"),
        (HEAD + "\"{{ '%999999999d' % 1 }}\"\n", "the width is too large"),
        (HEAD + "\"{{ 'x'.center(999999999) }}\"\n", "the width is too large"),
        (HEAD + "\"{{ '{:999999999}'.format(1) }}\"\n", "the width is too large"),
        (HEAD + "\"{{ 'x' * 9999999999 }}\"\n", "the result is too long"),
        (HEAD + '"{{ ' + "(" * 3000 + "1" + ")" * 3000 + ' }}"\n', "nested too deeply"),
        (HEAD + '"x \\0 y"\n', r"line 4: the command of task w has a null byte"),
        (HEAD + 'x\n    environment: {A: "\\0"}\n', "line 5: the environment of task w has a null byte"),
        (HEAD + "x\n    environment: {A: '{{ \"\\0\" }}'}\n", "line 5: the environment of task w has a null byte"),
        (HEAD + 'x\n    outputs: [{pattern: "a\\0"}]\n', "line 5: the outputs of task w has a null byte"),
        (HEAD + 'x\n    inputs: [{from: "http://a/b", to: "a\\0"}]\n', "line 5: the inputs of task w has a null byte"),
        ('job: {pool: spot, metadata: {a: "x\\0"}}\nstages: [{name: w, command: x}]\n', "line 1: .* null byte"),
        (HEAD + "\"{{ 'x' * 140000 }}\"\n", "line 4: the command of task w has an argument of 140,000 bytes"),
        (HEAD + "[a, \"{{ 'é' * 70000 }}\"]\n", "line 4: the command of task w has an argument of 140,000 bytes"),
        (HEAD + "x\n    environment: {A: \"{{ 'x' * 140000 }}\"}\n", "line 5: the variable A of task w is longer"),
        (HEAD + "[a" + ", \"{{ 'x' * 100000 }}\"" * 11 + "]\n", r"line 3: task w takes 1,1\d\d,\d\d\d bytes as JSON"),
        (HEAD + "a" * 1_000_000 + "\n", "line 4: the command has 1,000,000 characters"),
        (HEAD + "x\n    environment: {'': a}\n", "a name without ="),
        (HEAD + "x\n    retries: 99999999999999999999\n", "retries"),
        (HEAD + "x\n    inputs: [{from: 'http://[x'}]\n", "is not an address"),
        ("parameters:\n  &words: [a]\n" + HEAD + "x {{ nobody }}\n", "line 2: the key '' is nothing to YAML"),
        (HEAD + "x\n    environment: {true: a}\n", "line 5: the key 'true' is a truth value to YAML; put quotes"),
        (HEAD + "x\n    !!binary aGk=: a\n", "line 5: the key 'aGk=' is binary to YAML"),
        ("parameters:\n  7: {}\n" + HEAD + "x {{ nobody }}\n", r"line 2: parameters\[7\] is 7; it must be text"),
        (HEAD + 'x\n    environment: {"\\ud800": a}\n', r"line 5: .*ud800 to .*udfff stand for no character"),
        (HEAD + 'x\n    environment: {a: "\\udfff"}\n', "line 5: .*; write the character itself"),
        (HEAD + '"x \\ud83d\\ude00"\n', "line 4: .*; write the character itself"),
    ],
)
def test_odd_file_is_refused_at_once(tmp_path: Path, text: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(BadInput, match=message) as refusal:
        planned(tmp_path, text)
    assert "job.yaml" in str(refusal.value) or "pipe.csv" in str(refusal.value)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ("{product: {n: {range: [1, 3000000]}}, order: -n}", "more than 1,000,000 points cannot be put in order"),
        (
            "{product: [{product: {n: {range: [1, 9000]}}}, {product: {m: {range: [1, 9000]}}}], where: n < 0}",
            "10,000,000",
        ),
    ],
)
def test_points_that_are_only_known_one_by_one_are_bounded(tmp_path: Path, sweep: str, message: str) -> None:
    with pytest.raises(BadInput, match=f"line 5: .*{message}"):
        planned(tmp_path, f"{HEAD}x {{{{ n }}}}\n    for_each: {sweep}\n")


@pytest.mark.parametrize("unit", ["[[ {{ 1 }} ", "{{ 1 }} ", "echo c; ", "[[ {{ 1 }} ]] "])
def test_command_is_checked_in_a_time_that_grows_with_its_length(tmp_path: Path, unit: str) -> None:
    def seconds(length: int) -> float:
        begin = time.process_time()
        planned(tmp_path, HEAD + "echo " + unit * (length // len(unit)) + "\n")
        return time.process_time() - begin

    # Ten times as long. It took a hundred times as long once.
    assert seconds(60_000) < 30 * max(seconds(6_000), 0.05)


def test_file_whose_name_is_not_utf_8_is_refused_with_the_line_of_its_axis(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")).write_text("x")
    with pytest.raises(BadInput, match=r"job\.yaml line 5: axis 'n': the name of the file .*dcff\.csv' is not UTF-8"):
        planned(tmp_path, swept("{files: '*.csv'}"))


def test_job_file_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "job.yaml")
    with pytest.raises(BadInput, match="is not a file"):
        requested_job(tmp_path / "job.yaml", ENVIRONMENT, pairs=[], parameters=None, job_id=None)


def mutations(seed: int, count: int) -> Iterator[str]:
    source = random.Random(seed)
    for _ in range(count):
        text = WHOLE
        for _ in range(source.randint(1, 4)):
            start = source.randrange(len(text))
            end = min(len(text), start + source.choice([0, 0, 1, 3, 20]))
            piece = source.choice([*ODDITIES, text[source.randrange(len(text)) :][:20]])
            text = text[:start] + piece + text[end:]
        yield text


def check_mutations(folder: Path, seed: int, count: int) -> None:
    for text in mutations(seed, count):
        try:
            planned(folder, text)
        except BadInput:
            continue
        except Exception as exc:
            raise AssertionError(f"{type(exc).__name__} for this file:\n{text}") from exc


def test_a_thousand_mutated_files_are_planned_or_refused(tmp_path: Path) -> None:
    check_mutations(tmp_path, seed=11, count=1000)


@pytest.mark.soak
def test_a_hundred_thousand_mutated_files_are_planned_or_refused(tmp_path: Path) -> None:
    check_mutations(tmp_path, seed=12, count=100_000)
