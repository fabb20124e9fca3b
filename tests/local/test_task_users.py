"""Tasks as Unix users of their own, which a service gives them that runs as root and was started so."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.local import control
from shoal.local.node.task_users import A_NODE, FIRST, LAST, NODES, NodeUsers, TaskUser, first_of_node, obstacle
from shoal.service_status import Status
from tests.blobs import make_container, signed_url
from tests.local.making import execution, failure_code, make_job, make_pool, read, run, sh, task, wait_for_nodes
from tests.waiting import wait_until

REASON = obstacle(Path("/tmp/state"))
needs_users = pytest.mark.skipif(REASON is not None, reason=f"--task-users {REASON}")
together = pytest.mark.xdist_group("task-users")  # one service for all of them

POOL_USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
TASK_USER = {"autoUser": {"scope": "task", "elevationLevel": "nonadmin"}}
ADMIN = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}
WORKER, BOSS = {"username": "worker"}, {"username": "boss"}
ACCOUNTS = [
    {"name": "worker", "password": "p", "elevationLevel": "nonadmin"},
    {"name": "boss", "password": "p", "elevationLevel": "admin"},
]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Status]:
    # Not below pytest's own folder, which is closed to others.
    with control.running(task_users=True) as service:
        yield service


@pytest.fixture(scope="module")
def batch(guarded: Status) -> Iterator[BatchClient]:
    with guarded.batch_client() as client:
        start_task = {"commandLine": sh("id -u > $AZ_BATCH_NODE_SHARED_DIR/start; echo left > f")}
        make_pool(client, "p", taskSlotsPerNode=4, userAccounts=ACCOUNTS, startTask=start_task)
        wait_for_nodes(client, "p", nodes=1)
        yield client


@pytest.fixture
def job(batch: BatchClient, name: str) -> str:
    make_job(batch, name, "p")
    return name


def output(batch: BatchClient, job: str, task_id: str, script: str, user: object = POOL_USER) -> str:
    """Run a shell's script as a user and return what it writes."""
    done = run(batch, job, task(task_id, sh(script), userIdentity=user))
    assert execution(done).exit_code == 0, read(batch, job, task_id, "stderr.txt")
    return read(batch, job, task_id).decode().strip()


@needs_users
@together
def test_each_kind_of_user_has_a_number_and_files_of_its_own(batch: BatchClient, job: str) -> None:
    script = "id -u; echo $USER; test $HOME = $PWD && stat -c %u . ../stdout.txt && touch made && stat -c %u made"
    users = {"pool": POOL_USER, "task": TASK_USER, "other": TASK_USER, "worker": WORKER, "admin": ADMIN, "boss": BOSS}
    seen = {name: output(batch, job, name, script, user).split() for name, user in users.items()}
    numbers = {name: int(words[0]) for name, words in seen.items()}
    assert (numbers["admin"], numbers["boss"]) == (0, 0)
    assert len({numbers[name] for name in ("pool", "task", "other", "worker")}) == 4
    assert all(FIRST <= number <= LAST for number in numbers.values() if number)
    assert [words[1] for words in seen.values()] == ["_azbatch"] * 3 + ["worker", "_azbatch", "boss"]
    assert all(set(words[2:]) == {words[0]} for words in seen.values())
    of_start_task = output(batch, job, "start", "cat $AZ_BATCH_NODE_SHARED_DIR/start $AZ_BATCH_NODE_STARTUP_DIR/wd/f")
    assert of_start_task.split() == [str(numbers["pool"]), "left"]


@needs_users
@together
def test_task_that_needs_an_administrator_fails_without(batch: BatchClient, job: str) -> None:
    needy = sh("cat /etc/shadow > /dev/null")
    assert failure_code(run(batch, job, task("plain", needy))) == "FailureExitCode"
    assert execution(run(batch, job, task("admin", needy, userIdentity=ADMIN))).exit_code == 0


@needs_users
@together
def test_users_read_neither_each_others_files_nor_those_of_the_service(
    batch: BatchClient, guarded: Status, job: str
) -> None:
    output(batch, job, "secret", "echo secret > secret; echo said", TASK_USER)
    state = guarded.state_dir
    theirs = output(batch, job, "where", "dirname $AZ_BATCH_TASK_DIR")
    paths = [
        *(f"{theirs}/secret/{name}" for name in ("wd", "wd/secret", "stdout.txt")),
        *(f"{state}/{name}" for name in ("batch.db", "batch.db-wal", "service.json", "service.log", "azurite")),
        *(state, f"{state}/nodes", f"{theirs}/../../../volatile/cache"),
    ]
    assert [path for path in paths if not Path(path).exists()] == []
    script = f"for path in {' '.join(paths)}; do (ls $path/ || cat $path) > /dev/null 2>&1 && echo $path; done; true"
    assert output(batch, job, "curious", script, WORKER) == ""
    assert output(batch, job, "root", script, ADMIN).split() == paths


@needs_users
@together
def test_users_share_the_shared_directory_and_the_job_preparation(batch: BatchClient, name: str) -> None:
    make_job(batch, name, "p", jobPreparationTask={"commandLine": sh("echo prepared > f")})
    output(batch, name, "writes", "cd $AZ_BATCH_NODE_SHARED_DIR; mkdir d; echo data > d/f", TASK_USER)
    assert output(batch, name, "reads", "cd $AZ_BATCH_NODE_SHARED_DIR; cat d/f; : > g", WORKER) == "data"
    assert output(batch, name, "prepared", "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/f", WORKER) == "prepared"


@needs_users
@together
def test_user_gets_its_inputs_and_its_outputs_are_uploaded(batch: BatchClient, guarded: Status, job: str) -> None:
    container = make_container(guarded, job)
    container.upload_blob("run.sh", b"#!/bin/sh\ncat in/data > out.txt; id -u >> out.txt\n")
    container.upload_blob("data", b"input\n")
    url = signed_url(guarded, container, "rwlc")
    files = [
        {"httpUrl": url.replace("?", "/run.sh?"), "filePath": "run.sh"},
        {"httpUrl": url.replace("?", "/data?"), "filePath": "in/data", "fileMode": "0600"},
    ]
    upload = {"uploadOptions": {"uploadCondition": "tasksuccess"}, "destination": {"container": {"containerUrl": url}}}
    outputs = [{"filePattern": "out.txt", **upload}, {"filePattern": "../stdout.txt", **upload}]
    done = run(batch, job, task("t", "./run.sh", resourceFiles=files, outputFiles=outputs, userIdentity=TASK_USER))
    assert execution(done).exit_code == 0, execution(done).failure_info
    text, number = container.download_blob("out.txt").readall().split()
    assert (text, int(number) > FIRST) == (b"input", True)


@needs_users
@together
def test_link_to_a_file_that_the_user_may_not_read_is_not_uploaded(
    batch: BatchClient, guarded: Status, job: str
) -> None:
    upload = {"destination": {"container": {"containerUrl": signed_url(guarded, make_container(guarded, job), "w")}}}
    outputs = [{"filePattern": "*.txt", "uploadOptions": {"uploadCondition": "taskcompletion"}, **upload}]
    command = sh(f"echo mine > a.txt; chmod 0 a.txt; ln -s {guarded.state_dir}/service.json b.txt")
    done = run(batch, job, task("t", command, outputFiles=outputs))
    assert failure_code(done) == "FileUploadMiscError"
    assert [blob.name for blob in guarded.blob_service_client().get_container_client(job).list_blobs()] == ["a.txt"]


@needs_users
@together
def test_nodes_are_closed_to_each_other_and_leave_no_process(batch: BatchClient, guarded: Status, job: str) -> None:
    make_pool(batch, job, nodes=2, enableInterNodeCommunication=True)
    make_job(batch, f"{job}-2", job)
    common = {"httpUrl": signed_url(guarded, make_container(guarded, job, word=b"common"), "r"), "filePath": "word"}
    common["httpUrl"] = common["httpUrl"].replace("?", "/word?")
    instances = {
        "numberOfInstances": 2,
        "coordinationCommandLine": sh(
            "env -i setsid -f sleep 4242.5; cat $AZ_BATCH_TASK_SHARED_DIR/word > coordinated"
        ),
        "commonResourceFiles": [common],
    }
    nodes = f"{guarded.state_dir}/nodes"
    roots = [node.id for pool in ("p", job) for node in batch.list_nodes(pool)]
    look = f"cat coordinated; for id in {' '.join(roots)}; do ls {nodes}/$id > /dev/null 2>&1 && echo $id; done; true"
    done = run(batch, f"{job}-2", task("t", sh(look), userIdentity=TASK_USER, multiInstanceSettings=instances))
    assert done.node_info is not None
    assert read(batch, f"{job}-2", "t").decode() == f"common{done.node_info.node_id}\n"
    run(batch, f"{job}-2", task("escape", sh("env -i setsid sleep 4242.5 & sleep 0.3"), userIdentity=TASK_USER))
    assert _sleepers() != []
    batch.begin_delete_pool(job, polling_interval=1).wait()
    wait_until(lambda: not _sleepers())


def _sleepers() -> list[str]:
    found = subprocess.run(["pgrep", "-fx", "sleep 4242.5"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_numbers_of_users_are_within_the_range_of_their_node() -> None:
    first = first_of_node(NODES - 1, 5)
    assert (first >= FIRST, first % A_NODE, first_of_node(NODES - 1, 6) - first) == (True, FIRST % A_NODE, A_NODE)
    users = NodeUsers(first, names=["worker", "boss"], administrators=["boss"])
    assert users.of(POOL_USER, 7) == TaskUser(first, first)
    assert users.of(WORKER, 7) == TaskUser(first + 1, first)
    assert users.of(BOSS, 7) == users.of(ADMIN, 7) == TaskUser(0, first)
    # Neither a named user's, nor that of a job preparation task with the same key.
    of_tasks = [users.of(TASK_USER, key) for key in (7, -7, 8, 10_000_000)]
    assert len(set(of_tasks)) == 4
    assert all(user is not None and first + 2 < user.number < first + A_NODE for user in of_tasks)
    assert NodeUsers(None, names=[], administrators=[]).of(ADMIN, 7) is None


@needs_users
def test_state_that_users_cannot_reach_is_refused_in_one_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(control.CannotStart, match=r"^--task-users needs a state directory that users can reach, but "):
        control.start(closed / "state", task_users=True)
    assert not (closed / "state" / "nodes").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="this process is root")
def test_switch_is_refused_where_the_service_is_not_root(tmp_path: Path) -> None:
    with pytest.raises(control.CannotStart, match="needs a service that runs as root; --no-task-users starts without"):
        control.start(tmp_path, task_users=True)
