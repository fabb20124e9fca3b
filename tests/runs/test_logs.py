from pathlib import Path

import pytest
from azure.batch import models

from shoal.cli.fetch import fetched_outputs
from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.logs import LogFile, follow_log, read_log, tail
from shoal.runs.why.failed_tasks import failures_of_job
from shoal.runs.why.failure_summary import summaries
from tests.environments import wait_for_job
from tests.local.making import counts, make_job, make_pool
from tests.runs.batch_jobs import add_job, task
from tests.waiting import wait_until


def test_log_is_read_from_the_node(services: Services, name: str) -> None:
    add_job(services, name, task("t", "echo out; echo err >&2"))
    wait_for_job(services, name)
    assert read_log(services, LogFile(job_id=name, task_id="t", name="stdout.txt")) == b"out\n"
    assert read_log(services, LogFile(job_id=name, task_id="t", name="stderr.txt")) == b"err\n"
    assert read_log(services, LogFile(job_id=name, task_id="t", name="stdout.txt"), start=2) == b"t\n"


def test_log_is_read_from_where_it_was_kept_once_the_job_is_gone(services: Services, name: str) -> None:
    services.blobs.get_blob_client("logs", f"{name}/t/stdout.txt").upload_blob(b"kept\n")
    log = LogFile(job_id=name, task_id="t", name="stdout.txt")
    assert [read_log(services, log, start=start) for start in (0, 3, 5, 9)] == [b"kept\n", b"t\n", b"", b""]


@pytest.mark.parametrize(
    ("job_exists", "message"),
    [
        (True, "job '{name}' has no task 'other'; `shoal tasks {name}` lists them"),
        (False, "there is no job '{name}'; `shoal jobs` lists them"),
    ],
)
def test_task_that_does_not_exist_is_bad_input(services: Services, name: str, job_exists: bool, message: str) -> None:
    if job_exists:
        add_job(services, name, task("t", "true"))
    with pytest.raises(BadInput, match=f"^{message.format(name=name)}$"):
        read_log(services, LogFile(job_id=name, task_id="other", name="stdout.txt"))


def test_log_of_a_running_task_is_followed_as_it_grows(services: Services, name: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    add_job(services, name, task("t", f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo second"))
    parts = []
    for part in follow_log(services, LogFile(job_id=name, task_id="t", name="stdout.txt")):
        parts.append(part)
        go.touch()
    assert parts == [b"first\n", b"second\n"]


def test_tail_is_the_last_lines() -> None:
    assert tail(b"a\nb\nc\n", 2) == "b\nc"


def test_failure_is_told_in_batch_words_with_the_end_of_stderr(services: Services, name: str) -> None:
    script = "for i in $(seq 30); do echo line $i >&2; done; exit 7"
    add_job(services, name, task("bad", script), {"id": "missing", "commandLine": "no-such-program"})
    wait_for_job(services, name)
    found = {failure.task_id: failure for failure in summaries(failures_of_job(services, name, total=2))}
    assert (found["bad"].code, found["bad"].exit_code) == ("FailureExitCode", 7)
    assert found["bad"].stderr.splitlines()[-1] == "line 30"
    assert len(found["bad"].stderr.splitlines()) == 10
    assert (found["missing"].code, found["missing"].exit_code) == ("CommandProgramNotFound", None)


def test_simulated_job_says_why_it_has_no_logs_and_no_outputs(
    services: Services, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pool(services.batch, name, nodes=1, metadata=[{"name": "shoal:simulate", "value": "3600x"}])
    make_job(services.batch, name, name)
    services.batch.create_task(name, models.BatchTaskCreateOptions(task("t", "echo out")))
    wait_until(lambda: counts(services.batch, name).succeeded)
    with pytest.raises(BadInput, match=r"^task 't' has no stdout.txt: its pool is simulated, where tasks run nothing$"):
        read_log(services, LogFile(job_id=name, task_id="t", name="stdout.txt"))
    # Only a task that never ends would show that nobody waits for it.
    endless = task("long", "true") | {"environmentSettings": [{"name": "SHOAL_SIMULATE", "value": "1000000h"}]}
    services.batch.create_task(name, models.BatchTaskCreateOptions(endless))
    with pytest.raises(BadInput, match=r"^task 'long' has no stdout.txt: its pool is simulated"):
        next(follow_log(services, LogFile(job_id=name, task_id="long", name="stdout.txt")))
    assert fetched_outputs(services, name, tmp_path).files == 0
    assert capsys.readouterr().err == f"pool {name} is simulated: its tasks run nothing and leave no outputs\n"
