"""`shoal check`: a job file by itself, with neither a project nor a service on the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = """\
parameters: {n: {type: int, default: 3}}
job: {pool: anywhere, retries: many}
stages:
  - name: a
    for_each: {product: {i: {range: [1, "{{ n }}"]}}}
    command: sh -c 'echo {{ i }}'
    inputs: [{from: missing.csv}]
    packages: tool
  - name: b
    after: c
    command: "{{ x"
"""
SOUND = """\
job: {pool: anywhere}
stages:
  - name: a
    for_each: {product: {i: {range: [1, 3]}}}
    command: "[[ {{ i }} = 2 ]]"
    slots: 200
    packages: tool
  - {name: b, after: a, command: y}
"""


def check(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "job.yaml").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "shoal", "check", "job.yaml", *words],
        cwd=folder,
        env={**os.environ, "SHOAL_STATE": str(folder / "no-service")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_problems_of_a_file_are_listed_at_once_with_their_lines(tmp_path: Path) -> None:
    done = check(tmp_path, BROKEN)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: job.yaml line 2: job.retries is many; it must be an integer",
        "error: job.yaml line 7: the input file missing.csv does not exist",
        "error: job.yaml line 10: no stage 'c' stands before 'b'; known are a",
        "error: job.yaml line 11: unexpected end of template, expected 'end of print statement'.",
    ]


def test_problems_as_json_have_their_lines_beside_them(tmp_path: Path) -> None:
    done = check(tmp_path, BROKEN, "--json", "--job", "nightly")
    result = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (2, "")
    assert (result["file"], result["job_id"], result["tasks"], result["stages"]) == ("job.yaml", "nightly", None, [])
    assert [problem["line"] for problem in result["problems"]] == [2, 7, 10, 11]


def test_sound_file_is_counted_and_needs_no_pool_and_no_package(tmp_path: Path) -> None:
    done = check(tmp_path, SOUND)
    assert (done.returncode, done.stdout) == (0, "job.yaml: 2 stages, 4 tasks, no problems\n")
    assert done.stderr == "warning: job.yaml line 5: [[ … ]] may fail in /bin/sh; add `shell: bash`\n"
    result = json.loads(check(tmp_path, SOUND, "--json").stdout)
    assert (result["tasks"], result["stages"][0], result["problems"]) == (
        4,
        {"name": "a", "tasks": 3, "slots": 600},
        [],
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOUND.replace("slots: 200", "slots: 300"), "line 6: task a-1-"),
        (SOUND.replace("slots: 200", 'slots: "{{ 9 ** 9 ** 9 }}"'), "line 6: slots must be a whole number from 1"),
        (SOUND.replace("command: y", "command: \"sh -c '{{ z }}'\""), "line 8: 'z' is undefined"),
        ("[]", "line 1: a job file holds the keys"),
    ],
)
def test_file_that_no_pool_can_run_is_refused(tmp_path: Path, text: str, message: str) -> None:
    done = check(tmp_path, text)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_value_of_a_shell_in_a_shell_is_refused_at_its_line(tmp_path: Path) -> None:
    text = SOUND.replace("{range: [1, 3]}", '["a; b"]').replace('"[[ {{ i }} = 2 ]]"', "sh -c 'echo {{ i }}'")
    done = check(tmp_path, text)
    assert done.returncode == 2
    assert done.stderr.startswith("error: job.yaml line 5: the value 'a; b' stands in a script of sh -c")
