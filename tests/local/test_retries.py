from azure.batch import BatchClient

from tests.local.making import completed, execution, failure_code, make_job, read, run, sh, task, wait_for_state
from tests.waiting import wait_until

# Fails until the mark of an earlier attempt of this job's lies beside it; the pool of these tests has one node.
COUNT = 'f=$AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_JOB_ID; echo x >> $f; test "$(wc -l < $f)" -ge {successful_attempt}'


def failing_until(attempt: int) -> str:
    return sh(COUNT.format(successful_attempt=attempt))


def test_task_is_retried_as_often_as_it_may(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    done = run(client, name, task("t", failing_until(99), constraints={"maxTaskRetryCount": 2}))
    info = execution(done)
    assert (info.exit_code, info.result, info.retry_count, info.requeue_count) == (1, "failure", 2, 0)
    assert info.last_retry_time is not None
    assert info.start_time is not None
    assert info.last_retry_time <= info.start_time
    assert failure_code(done) == "FailureExitCode"


def test_retries_end_with_the_first_success(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    info = execution(run(client, name, task("t", failing_until(3), constraints={"maxTaskRetryCount": 9})))
    assert (info.exit_code, info.result, info.retry_count, info.failure_info) == (0, "success", 2, None)


def test_minus_one_retries_without_limit(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    info = execution(run(client, name, task("t", failing_until(30), constraints={"maxTaskRetryCount": -1})))
    assert (info.result, info.retry_count) == ("success", 29)


def test_task_inherits_its_jobs_retries_unless_it_has_its_own(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node, constraints={"maxTaskRetryCount": 2})
    assert execution(run(client, name, task("inherits", "false"))).retry_count == 2
    own = {"maxTaskRetryCount": 0}
    assert execution(run(client, name, task("own", "false", constraints=own))).retry_count == 0


def test_retry_finds_a_clean_working_directory_and_its_own_output_only(
    client: BatchClient, one_node: str, name: str
) -> None:
    make_job(client, name, one_node)
    script = 'echo "$(ls -A)"; touch left; exit 1'
    run(client, name, task("t", sh(script), constraints={"maxTaskRetryCount": 1}))
    assert read(client, name, "t") == b"\n"


def test_task_that_waits_for_its_retry_shows_no_exit_code(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    script = "f=$AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_JOB_ID; test -e $f && exec sleep 600; touch $f; exit 1"
    client.create_task(name, task("t", sh(script), constraints={"maxTaskRetryCount": 1}))
    wait_until(lambda: execution(client.get_task(name, "t")).retry_count == 1)
    info = execution(wait_for_state(client, name, "t", "running"))
    assert (info.exit_code, info.result, info.failure_info, info.end_time) == (None, None, None, None)


def test_reactivated_task_has_all_of_its_retries_again(client: BatchClient, one_node: str, name: str) -> None:
    make_job(client, name, one_node)
    run(client, name, task("t", failing_until(5), constraints={"maxTaskRetryCount": 2}))
    client.reactivate_task(name, "t")
    info = execution(completed(client, name, "t"))
    assert (info.result, info.retry_count) == ("success", 1)
