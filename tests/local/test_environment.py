"""The environment of a task's process."""

import os

import pytest
from azure.batch import BatchClient

from shoal.local.node.task_environment import user_environment
from shoal.service_status import Status
from tests.local.making import execution, failure_code, make_job, make_pool, read, run, sh, task, wait_for_nodes


def environment(client: BatchClient, job: str, **properties: object) -> dict[str, str]:
    """Run a task with these properties, and return its environment variables."""
    run(client, job, task("env", "env -0", **properties))
    output = read(client, job, "env").decode()
    return dict(line.split("=", 1) for line in output.rstrip("\0").split("\0"))


def settings(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_task_sees_batchs_variables_and_nothing_of_the_services_own(
    service: Status, client: BatchClient, name: str
) -> None:
    make_pool(client, name, nodes=0, targetLowPriorityNodes=1)
    (node,) = wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    seen = environment(client, name)
    root = f"{service.state_dir}/nodes/{node.id}"
    task_directory = f"{root}/workitems/{name}/job-1/env"
    path = seen.pop("PATH").split(":")
    assert seen == {
        "AZ_BATCH_ACCOUNT_NAME": service.account,
        "AZ_BATCH_ACCOUNT_URL": f"{service.batch_endpoint}/",
        "AZ_BATCH_POOL_ID": name,
        "AZ_BATCH_NODE_ID": node.id,
        "AZ_BATCH_NODE_IS_DEDICATED": "false",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_STARTUP_WORKING_DIR": f"{root}/startup/wd",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": str(16 << 20),
        "AZ_BATCH_JOB_ID": name,
        "AZ_BATCH_TASK_ID": "env",
        "AZ_BATCH_TASK_DIR": task_directory,
        "AZ_BATCH_TASK_WORKING_DIR": f"{task_directory}/wd",
        "AZ_BATCH_TASK_USER": "_azbatch",
        "AZ_BATCH_TASK_USER_IDENTITY": "PoolNonAdmin",
        "USER": "_azbatch",
        "HOME": f"{task_directory}/wd",
        "PWD": f"{task_directory}/wd",
        "LANG": "C.UTF-8",
    }
    assert path[-2:] == [f"{root}/shared", f"{task_directory}/wd"]
    assert set(os.environ["PATH"].split(":")) <= set(path)


def test_dedicated_node_says_so(client: BatchClient, job: str) -> None:
    assert environment(client, job)["AZ_BATCH_NODE_IS_DEDICATED"] == "true"


def test_command_runs_in_the_working_directory_of_its_task(client: BatchClient, job: str) -> None:
    run(client, job, task("t", sh("pwd; ls -A; ls -A ..")))
    where, *content = read(client, job, "t").decode().splitlines()
    assert where.endswith(f"/workitems/{job}/job-1/t/wd")
    assert content == ["stderr.txt", "stdout.txt", "wd"]


def test_tasks_settings_win_over_its_jobs_and_both_over_other_variables(
    client: BatchClient, pool: str, name: str
) -> None:
    make_job(client, name, pool, commonEnvironmentSettings=settings(SHARED="job", OWN="job", HOME="/job"))
    seen = environment(client, name, environmentSettings=settings(OWN="task", EMPTY=""))
    assert (seen["SHARED"], seen["OWN"], seen["HOME"], seen["EMPTY"]) == ("job", "task", "/job", "")


def test_setting_without_a_value_is_empty(client: BatchClient, job: str) -> None:
    assert environment(client, job, environmentSettings=[{"name": "NOTHING"}])["NOTHING"] == ""


def test_fifty_settings_arrive_byte_for_byte(client: BatchClient, job: str) -> None:
    values = [
        " two words ",
        "Žluťoučký 東京 🦈",
        "line\nbreak\ttab",
        "$HOME ${HOME} `id` \\",
        "a=b=c",
        "'\"",
        "x" * 9000,
    ]
    sent = {f"SETTING_{i:02}": f"{i} {values[i % len(values)]}" for i in range(50)}
    seen = environment(client, job, environmentSettings=settings(**sent))
    assert {name: seen[name] for name in sent} == sent


def test_setting_that_no_environment_can_hold_fails_the_task_and_not_its_node(client: BatchClient, job: str) -> None:
    for i, setting in enumerate(({"name": ""}, {"name": "A=B"}, {"name": "A", "value": "a\0b"})):
        done = run(client, job, task(f"bad{i}", "true", environmentSettings=[setting]))
        info = execution(done)
        assert info.failure_info is not None
        assert (info.failure_info.code, info.requeue_count) == ("CommandLaunchFailed", 0)


def test_program_in_the_shared_or_the_working_directory_is_found_by_its_name(
    client: BatchClient, one_node: str, name: str
) -> None:
    make_job(client, name, one_node)
    tool = f"tool-{name}"
    script = f'p=$AZ_BATCH_NODE_SHARED_DIR/{tool}; printf "#!/bin/sh\\necho found\\n" > $p; chmod +x $p'
    assert execution(run(client, name, task("install", sh(script)))).exit_code == 0
    run(client, name, task("use", tool))
    assert read(client, name, "use") == b"found\n"


def test_tasks_of_a_node_share_its_shared_directory_but_not_their_working_directories(
    client: BatchClient, one_node: str, name: str
) -> None:
    make_job(client, name, one_node)
    run(
        client,
        name,
        task("write", sh("echo $AZ_BATCH_TASK_ID > $AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_JOB_ID; touch own")),
    )
    run(client, name, task("read", sh("cat $AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_JOB_ID; ls")))
    assert read(client, name, "read") == b"write\n"


def test_standard_input_is_empty_and_no_other_file_is_open(client: BatchClient, job: str) -> None:
    run(client, job, task("t", sh("cat; ls /proc/$$/fd")))
    assert read(client, job, "t") == b"0\n1\n2\n"


@pytest.mark.parametrize(
    ("automatic", "identity"),
    [
        ({}, "PoolNonAdmin"),
        ({"scope": "task"}, "TaskNonAdmin"),
        ({"elevationLevel": "admin"}, "PoolAdmin"),
    ],
)
def test_automatic_user_has_the_scope_and_elevation_of_its_task(automatic: dict[str, str], identity: str) -> None:
    seen = user_environment({"autoUser": automatic})
    assert (seen["AZ_BATCH_TASK_USER"], seen["AZ_BATCH_TASK_USER_IDENTITY"]) == ("_azbatch", identity)


def test_named_user_must_be_one_of_the_pools(client: BatchClient, name: str) -> None:
    make_pool(client, name, userAccounts=[{"name": "ada", "password": "secret"}])
    make_job(client, name, name)
    seen = environment(client, name, userIdentity={"username": "ada"})
    assert (seen["USER"], seen["AZ_BATCH_TASK_USER"]) == ("ada", "ada")
    assert "AZ_BATCH_TASK_USER_IDENTITY" not in seen
    failed = run(client, name, task("other", "true", userIdentity={"username": "bob"}))
    assert failure_code(failed) == "UserNotFound"
