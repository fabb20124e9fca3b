"""`shoal retry`: what failed runs again, in its job or in one that continues the run, and nothing runs twice."""

import json
import subprocess
from pathlib import Path

import pytest

from shoal.connect import Services
from shoal.environment import Environment, to_json
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.jobs.tasks.task_bodies import all_tasks
from shoal.manifest.storage import stored_manifest
from shoal.runs.cancel import cancel
from shoal.runs.fetch import fetch
from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.logs import LogFile, read_log
from shoal.runs.removal import find_removal
from shoal.runs.retry.choice import Choice, Request
from shoal.runs.retry.corrected import retry_with
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.retried import Retried
from shoal.runs.retry.retry import retry
from shoal.runs.stored_run import folder_of_run
from shoal.runs.stuck_job import ended_if_stuck
from shoal.runs.verdict import Unfinished
from shoal.runs.watch import watch
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.environments import wait_for_job
from tests.services import REPOSITORY

# Each attempt leaves a line in `attempts`, and fails while a line of `broken` names its point.
JOB = """\
parameters:
  last: {type: int, default: 4}
  here: {}
job: {pool: spot}
stages:
  - name: square
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: |
      echo {{ n }} >> {{ here }}/attempts
      echo partial > out-{{ n }}.part
      if grep -qx {{ n }} {{ here }}/broken; then exit 9; fi
      rm out-{{ n }}.part
      echo $(({{ n }} * {{ n }})) > out.txt
    outputs: [{pattern: "out*", when: completion}]
  - name: sum
    after: square
    inputs: [{stage: square, to: parts}]
    command: |
      if grep -qx sum {{ here }}/broken; then exit 3; fi
      cat parts/{{ job }}/square/*/out* | sort -n | tee sum.txt
    outputs: [{pattern: sum.txt}]
"""
WHOLE = "1\n4\n9\n16\n"


class Run:
    """A job of the file above, and the jobs that continue its run."""

    def __init__(self, services: Services, folder: Path, job_id: str) -> None:
        self.services, self.folder, self.job_id = services, folder, job_id
        self.write(JOB)
        self.broken()

    def write(self, text: str) -> None:
        (self.folder / "job.yaml").write_text(text)

    def broken(self, *points: object) -> None:
        (self.folder / "broken").write_text("".join(f"{point}\n" for point in points))

    def bound(self, job_id: str | None = None) -> BoundJob:
        given = {"here": str(self.folder)}
        job_file = read_job_file(self.folder / "job.yaml", given=given, run="r", job_id=job_id or self.job_id)
        return bind(job_file, self.services.environment)

    def submit(self, job_id: str | None = None) -> JobEnding:
        job = self.bound(job_id)
        submit(job, make_plan(job), self.services)
        return self.end(job_id)

    def end(self, job_id: str | None = None) -> JobEnding:
        queries = BatchJobQueries(self.services.batch, job_id or self.job_id)
        return watch(queries, on_snapshot=lambda _: None, on_silence=lambda _: None)

    def retry(self, *, tasks: list[str] | None = None, stages: list[str] | None = None) -> Retried:
        return retry(self.services, self.job_id, Request(tasks=tasks or [], stages=stages or []), Silent())

    def retry_with(self) -> Retried:
        """With the file as it is now, as the first submission read it."""
        return retry_with(self.services, self.job_id, lambda job_id, _: self.bound(job_id), Silent())

    def task(self, n: int) -> str:
        """Return the id of the task of a point."""
        return next(str(task["id"]) for task in all_tasks(self.bound()) if task["id"].startswith(f"square-{n}-"))

    @property
    def attempts(self) -> list[int]:
        return sorted(map(int, (self.folder / "attempts").read_text().split()))

    @property
    def sum(self) -> str:
        """The text that the last stage wrote, after the outputs are fetched."""
        fetch(self.services, folder_of_run(self.services, self.job_id), self.folder / "home")
        return (self.folder / "home/sum/sum/sum.txt").read_text()


class Silent:
    def on_lag(self, unfinished: Unfinished) -> None: ...
    def on_choice(self, run: JobsOfRun, choice: Choice) -> None: ...


@pytest.fixture
def run(services: Services, tmp_path: Path, name: str) -> Run:
    return Run(services, tmp_path, name)


def test_failed_tasks_of_an_active_job_run_again_and_the_waiting_one_goes_on(run: Run) -> None:
    run.broken(2, 3)
    assert run.submit().counts.failed == 2
    run.broken()
    retried = run.retry()
    assert (retried.job_id, retried.continues, retried.going_on) == (run.job_id, None, 1)
    assert sorted(retried.again) == [run.task(2), run.task(3)]
    assert run.end().succeeded
    assert run.attempts == [1, 2, 2, 3, 3, 4]
    # Without what the failed attempts had left: `partial` would be among the lines.
    assert run.sum == WHOLE


@pytest.mark.parametrize("with_file", [False, True])
def test_task_whose_upload_failed_after_exit_code_0_is_added_again_in_the_same_job(
    run: Run, *, with_file: bool
) -> None:
    """Batch reactivates no task with exit code 0. The part of its outputs that was uploaded does not stay."""
    run.write(JOB.replace("exit 9", "ln -s /proc/self/mem out-unreadable; exit 0"))
    run.broken(2)
    assert run.submit().counts.failed == 1
    failed = run.services.batch.get_task(run.job_id, run.task(2)).execution_info
    assert failed is not None
    assert failed.exit_code == 0
    run.broken()
    retried = run.retry_with() if with_file else run.retry()
    assert (retried.job_id, retried.again, retried.going_on) == (run.job_id, [run.task(2)], 1)
    assert run.end().succeeded
    assert run.attempts == [1, 2, 2, 3, 4]
    assert run.sum == WHOLE


def test_named_tasks_and_stages_alone_run_again(run: Run) -> None:
    run.broken(2, 3)
    run.submit()
    run.broken()
    with pytest.raises(BadInput, match=f"run '{run.job_id}' has no stage 'squares'; did you mean square?"):
        run.retry(stages=["squares"])
    for task, reason in {
        run.task(1): "it has succeeded",
        "sum": "it is waiting or running already",
        "nothing": f"there is no such task; `shoal tasks {run.job_id}` lists them",
    }.items():
        with pytest.raises(BadInput, match=f"^task '{task}' cannot run again: {reason}$"):
            run.retry(tasks=[task])
    one = run.retry(tasks=[run.task(3)])
    assert (one.again, one.left_out) == ([run.task(3)], 1)
    assert run.end().counts.failed == 1
    assert run.retry(stages=["square"]).again == [run.task(2)]
    assert run.end().succeeded
    assert run.attempts == [1, 2, 2, 3, 3, 4]


def test_cancelled_job_goes_on_with_the_tasks_that_waited(run: Run) -> None:
    run.broken(2)
    run.submit()
    cancel(run.services.batch, run.job_id)
    named = run.retry(tasks=[run.task(2)])
    assert (named.job_id, named.continues) == (f"{run.job_id}-retry-1", run.job_id)
    assert (named.again, named.resumed) == ([run.task(2)], ["sum"])
    assert run.end(named.job_id).problem == "1 of 2 tasks failed, 1 never ran"
    # It failed again: the job that continues the run is active, and the task runs there once more.
    run.broken()
    second = run.retry()
    assert (second.job_id, second.again) == (named.job_id, [run.task(2)])
    assert run.end(named.job_id).succeeded
    assert run.attempts == [1, 2, 2, 2, 3, 4]
    assert run.sum == WHOLE
    with pytest.raises(BadInput, match=f"job '{named.job_id}' continues the run of '{run.job_id}'"):
        run.submit(named.job_id)


def test_tasks_that_were_left_out_of_a_continued_run_join_it_later(run: Run) -> None:
    run.broken(2, 3)
    run.submit()
    cancel(run.services.batch, run.job_id)
    one = run.retry(tasks=[run.task(2)])
    assert (one.again, one.resumed, one.left_out) == ([run.task(2)], [], 2)
    assert run.end(one.job_id).counts.failed == 1
    run.broken()
    rest = run.retry()
    assert rest.job_id == f"{run.job_id}-retry-2"
    assert (sorted(rest.again), rest.resumed) == ([run.task(2), run.task(3)], ["sum"])
    assert run.end(rest.job_id).succeeded
    assert run.attempts == [1, 2, 2, 2, 3, 3, 4]
    assert run.sum == WHOLE


def test_active_job_that_continues_a_run_gets_the_tasks_that_it_lacks(run: Run) -> None:
    """As after a submission of it that broke off."""
    run.broken(2, 3)
    run.submit()
    cancel(run.services.batch, run.job_id)
    first = run.retry()
    assert run.end(first.job_id).counts.failed == 2
    run.services.batch.delete_task(first.job_id, run.task(3))
    run.broken()
    second = run.retry()
    assert (second.job_id, sorted(second.again)) == (first.job_id, [run.task(2), run.task(3)])
    assert run.end(first.job_id).succeeded
    assert run.sum == WHOLE


def test_job_that_ended_is_continued_by_another_one_which_repeats_nothing(run: Run) -> None:
    run.broken("sum")
    run.submit()  # ends with its last task, the one that failed
    run.broken()
    retried = run.retry()
    assert (retried.job_id, retried.again, retried.resumed) == (f"{run.job_id}-retry-1", ["sum"], [])
    assert run.end(retried.job_id).succeeded
    assert run.attempts == [1, 2, 3, 4]
    assert run.sum == WHOLE
    for task, printed in {"sum": WHOLE, run.task(1): ""}.items():
        log = LogFile(job_id=retried.job_id, task_id=task, name="stdout.txt")
        assert read_log(run.services, log).decode() == printed
    assert run.retry().again == []
    with pytest.raises(
        BadInput, match=f"belong to {run.job_id} as well, of the same run; first `shoal rm {run.job_id}`"
    ):
        find_removal(run.services, retried.job_id, None, outputs=True)
    assert not find_removal(run.services, retried.job_id, None, outputs=False).outputs


def test_corrected_command_runs_for_what_failed_and_repeats_nothing(run: Run) -> None:
    """The merge of a sweep has a typing error: the job ends with it."""
    run.write(JOB.replace("tee sum.txt", "tea sum.txt"))
    assert run.submit().counts.failed == 1
    run.write(JOB)
    corrected = run.retry_with()
    assert (corrected.job_id, corrected.again, corrected.kept) == (f"{run.job_id}-retry-1", ["sum"], {})
    assert run.end(corrected.job_id).succeeded
    assert run.attempts == [1, 2, 3, 4]
    assert run.sum == WHOLE
    kept = stored_manifest(run.services, folder_of_run(run.services, run.job_id))
    run.write(f"# not run\n{JOB}")
    nothing = run.retry_with()
    assert (nothing.again, nothing.resumed) == ([], [])
    for other, reason in {
        JOB.replace("square", "render").replace(
            "sum", "film"
        ): "has the stages square, sum, and the file has render, film",
        JOB.partition("  - name: sum")[0].replace("[1,", "[7,").replace("default: 4", "default: 9"): (
            "none of its 3 tasks, such as square-7-.*, is among the 5 of the job"
        ),
    }.items():
        run.write(other)
        with pytest.raises(BadInput, match=reason):
            run.retry_with()
    assert stored_manifest(run.services, folder_of_run(run.services, run.job_id)) == kept
    assert kept is not None
    assert kept.file.text == JOB


def test_corrected_stage_of_an_active_job_keeps_what_has_succeeded(run: Run) -> None:
    run.broken(2, 3)
    run.submit()
    run.write(JOB.replace("{{ here }}/broken; then exit 9", "{{ here }}/no-such; then exit 9"))
    corrected = run.retry_with()
    assert corrected.job_id == run.job_id
    assert sorted(corrected.again) == [run.task(2), run.task(3)]
    assert (corrected.resumed, corrected.going_on, corrected.kept) == ([], 1, {"square": 2})
    assert run.end().succeeded
    assert run.attempts == [1, 2, 2, 3, 3, 4]
    assert run.sum == WHOLE


def test_corrected_file_goes_on_with_a_cancelled_job_and_its_new_points(run: Run) -> None:
    run.broken(2)
    run.submit()
    cancel(run.services.batch, run.job_id)
    run.broken()
    run.write(JOB.replace("default: 4", "default: 5").replace("{pool: spot}", "{pool: spot, priority: 7}"))
    corrected = run.retry_with()
    assert corrected.job_id == f"{run.job_id}-retry-1"
    assert (corrected.again, sorted(corrected.resumed)) == ([run.task(2)], [run.task(5), "sum"])
    assert run.services.batch.get_job(corrected.job_id).priority == 7
    assert run.end(corrected.job_id).succeeded
    assert run.attempts == [1, 2, 2, 3, 4, 5]
    assert run.sum == WHOLE + "25\n"


def test_whole_correction_of_a_stuck_job_runs_in_it_or_in_one_that_continues_it(run: Run) -> None:
    """Nothing unfinished is left of the job while its tasks are replaced, so it may end."""
    run.broken(1, 2, 3, 4)
    run.submit()
    run.broken()
    run.write(JOB.replace("echo partial", "echo part").replace("| tee", "| cat | tee"))
    corrected = run.retry_with()
    assert len(corrected.again) == 4
    assert run.end(corrected.job_id).succeeded
    assert run.attempts == [1, 1, 2, 2, 3, 3, 4, 4]
    assert run.sum == WHOLE


@pytest.mark.parametrize("with_file", [False, True])
def test_task_that_runs_again_waits_for_those_before_it_that_run_again(run: Run, *, with_file: bool) -> None:
    """The failures before it had let it run, through a barrier, and it failed as well."""
    text = JOB.replace('{pattern: "out*", when: completion}]', "{pattern: out.txt}]\n    on_failure: continue")
    run.write(text.replace("    after: square", "    after: square\n    for_each: {product: {k: [1, 2]}}"))
    run.broken(2, "sum")
    assert run.submit().counts.failed == 3
    run.broken()
    retried = run.retry_with() if with_file else run.retry()
    assert [task.partition("-")[0] for task in sorted(retried.again)] == ["square", "sum", "sum"]
    assert retried.resumed == ["wait_for_square"]
    assert run.end(retried.job_id).succeeded
    fetch(run.services, folder_of_run(run.services, run.job_id), run.folder / "home")
    assert {path.read_text() for path in run.folder.glob("home/sum/*/sum.txt")} == {WHOLE}


def test_other_keys_of_an_active_job_are_refused_with_the_way_to_them(run: Run) -> None:
    run.broken(2)
    run.submit()
    run.write(JOB.replace("{pool: spot}", "{pool: spot, priority: 7}"))
    with pytest.raises(BadInput, match=f"first `shoal cancel {run.job_id}`: another job then has these keys"):
        run.retry_with()
    assert run.retry().again == [run.task(2)]


def test_stuck_job_is_ended_where_its_file_says_so_and_goes_on_in_another_one(run: Run) -> None:
    run.write(JOB.replace("  - name: sum", "    on_failure: end\n  - name: sum"))
    run.broken(2)
    ending = ended_if_stuck(run.services.batch, run.job_id, run.submit())
    assert ending.blocked
    assert ending.ended_when_stuck
    wait_for_job(run.services, run.job_id)
    info = run.services.batch.get_job(run.job_id).execution_info
    assert info is not None
    assert info.termination_reason == "TasksBlocked"
    assert run.attempts == [1, 2, 3, 4]  # the failure did not keep the others from running
    run.broken()
    retried = run.retry()
    assert (retried.again, retried.resumed) == ([run.task(2)], ["sum"])
    assert run.end(retried.job_id).succeeded
    assert run.sum == WHOLE


def test_stuck_job_stays_active_without_a_word_in_its_file(run: Run) -> None:
    run.broken(2)
    ending = run.submit()
    assert ended_if_stuck(run.services.batch, run.job_id, ending) is ending
    assert run.services.batch.get_job(run.job_id).state == "active"
    run.write(JOB.replace("  - name: sum", "    on_failure: end\n  - name: sum"))
    with pytest.raises(BadInput, match="job: its own keys"):
        run.submit()


def test_commands_say_what_runs_again_and_where_its_outputs_are(
    service: Status, environment: Environment, name: str, tmp_path: Path
) -> None:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "broken").write_text("sum")

    def shoal(*words: str) -> subprocess.CompletedProcess[str]:
        return run_shoal(service, tmp_path, *words, "--environment", "environment.json")

    failed = shoal("run", "job.yaml", "--job", name, "-p", f"here={tmp_path}")
    assert failed.returncode == 1
    assert (
        f"\nonce the cause is mended, `shoal retry {name}` runs again what failed\nerror: job {name}: " in failed.stderr
    )
    (tmp_path / "broken").write_text("")
    retried = shoal("retry", name)
    assert (retried.returncode, retried.stdout) == (0, f"{name}-retry-1\n")
    page = (REPOSITORY / "docs" / "retry.md").read_text()
    shown = page.partition("$ shoal retry var-friday\n")[2].partition("```")[0]
    assert (retried.stderr + retried.stdout).replace(name, "var-friday") == shown
    assert shoal("watch", f"{name}-retry-1").returncode == 0
    mended = f"job {name}: the run went on in job {name}-retry-1, where 1 task has succeeded since"
    assert shoal("why", name).stdout.splitlines()[0] == mended
    assert "failed" not in shoal("why", name).stdout
    assert shoal("why", name, "sum").stdout.splitlines()[0].endswith(f"{name}-retry-1, where it has succeeded since")
    (listed,) = json.loads(shoal("tasks", name, "--failed", "--json").stdout)
    assert listed["reason"].endswith(f"; it succeeded since in job {name}-retry-1")
    again = shoal("retry", name)
    assert (again.returncode, again.stdout) == (0, f"{name}-retry-1\n")
    assert again.stderr == f"{name}: no task failed, nothing runs again\n"
    corrected = shoal("retry", name, "--with", "job.yaml", "-p", f"here={tmp_path}", "--json")
    assert json.loads(corrected.stdout) == {
        "job_id": f"{name}-retry-1",
        "continues": name,
        "again": [],
        "resumed": [],
        "going_on": 0,
        "left_out": 0,
        "kept": {},
    }
    fetched = shoal("fetch", f"{name}-retry-1")
    assert fetched.stdout == f"5 files in results/{name}, 1 of them fetched now\n"
    assert (tmp_path / "results" / name / "sum/sum/sum.txt").read_text() == WHOLE


def test_retry_of_an_unknown_job_is_refused(run: Run) -> None:
    with pytest.raises(BadInput, match=f"^there is no job '{run.job_id}'; `shoal jobs` lists them$"):
        run.retry()
