import subprocess
from pathlib import Path

import pytest

from shoal.jobs.submit.plan import make_plan
from shoal.jobs.tasks.bashisms import bashisms
from tests.jobs.builders import bound, one_stage, tasks

NEEDS_BASH = [
    "if [[ $x == a* ]]; then true; fi",
    "[[ -n $x ]] && true",
    "cat data/**/*.txt",
    "files=(a b c); echo ${files[0]}",
    "diff <(sort a) b",
    "cat <<< text",
    "set -euo pipefail; true",
    "set -o pipefail\ntrue",
    "for i in {1..3}; do echo $i; done",
    "touch file-{a..c}.txt",
    "shopt -s globstar; ls",
    "true; source env.sh",
    "work &> log.txt",
    "for ((i = 0; i < 3; i++)); do true; done",
    "echo ${name//a/b} ${name^^}",
]
FINE = [
    "set -e; work --pattern '**/*.txt' --range '{1..3}'",
    "python3 -c 'x = [[1, 2]]; y=(1, 2); print(x ** 2)'",
    "# use [[ here or <( there\ntrue",
    "echo $((2 * 3)) $(echo a) ${x:-b} ${x%.txt} ${x##*/}",
    "work a\\<\\(b > log.txt 2>&1 < in.txt",
    "(cd a; work) && { true; }",
    'awk "{print}" file',
    "test -f a || . ./env.sh",
    "echo a** b",
]


@pytest.mark.parametrize("command", NEEDS_BASH)
def test_construct_of_bash_is_recognized(command: str) -> None:
    assert len(bashisms(command)) >= 1
    subprocess.run(["/bin/bash", "-n", "-c", command], check=True)


@pytest.mark.parametrize("command", FINE)
def test_command_for_any_shell_is_not_reported(command: str) -> None:
    assert bashisms(command) == []
    subprocess.run(["/bin/sh", "-n", "-c", command], check=True)


def test_plan_warns_of_bash_in_sh_with_the_line_and_the_mend(tmp_path: Path) -> None:
    plan = make_plan(bound(tmp_path, one_stage("command: '[[ -n $HOME ]]'")))
    assert plan.warnings == (f"{tmp_path}/job.yaml line 5: [[ … ]] may fail in /bin/sh; add `shell: bash`",)
    assert make_plan(bound(tmp_path, one_stage("shell: bash\ncommand: '[[ -n $HOME ]]'"))).warnings == ()


def test_shell_of_a_stage_comes_before_that_of_the_job(tmp_path: Path) -> None:
    (by_job,) = tasks(tmp_path, one_stage("command: x").replace("{pool: spot,", "{pool: spot, shell: bash,"))
    assert by_job["commandLine"] == "/bin/bash -c x"
    text = one_stage("shell: sh\ncommand: x").replace("{pool: spot,", "{pool: spot, shell: bash,")
    assert tasks(tmp_path, text)[0]["commandLine"] == "/bin/sh -c x"
