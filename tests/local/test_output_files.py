from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from shoal.local.node.directories import TaskDirectory
from shoal.local.node.output_files import matches
from shoal.service_status import Status
from tests.blobs import make_container, names, signed_url
from tests.local.making import completed, error_code, execution, failure_code, read, run, sh, task, wait_for_state


@pytest.fixture
def container(service: Status, name: str) -> ContainerClient:
    return make_container(service, name)


@pytest.fixture
def url(service: Status, container: ContainerClient) -> str:
    return signed_url(service, container, "wc")


def output(pattern: str, url: str, path: str | None = None, condition: str = "taskcompletion", **more: Any) -> Any:
    destination = {"containerUrl": url, **({} if path is None else {"path": path}), **more}
    return {
        "filePattern": pattern,
        "destination": {"container": destination},
        "uploadOptions": {"uploadCondition": condition},
    }


def work(client: BatchClient, job: str, script: str, *files: Any, **properties: Any) -> models.BatchTask:
    return run(client, job, task("t", sh(script), outputFiles=list(files), **properties))


FILES = (
    "a.csv",
    "b.csv",
    "c.txt",
    ".hidden",
    "deep/d.csv",
    "deep/er/e.csv",
    "[x].csv",
    "../stdout.txt",
    "../stderr.txt",
)


@pytest.fixture
def directory(tmp_path: Path) -> TaskDirectory:
    made = TaskDirectory(tmp_path / "task")
    made.make()
    for name in FILES:
        path = made.working / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return made


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a.csv", None, {"a.csv": "a.csv"}),
        ("a.csv", "out/first.csv", {"a.csv": "out/first.csv"}),
        ("deep/d.csv", None, {"deep/d.csv": "d.csv"}),
        ("none.csv", "x", {}),
        ("deep", "x", {}),
        ("*.csv", None, {"[x].csv": "[x].csv", "a.csv": "a.csv", "b.csv": "b.csv"}),
        ("*.csv", "out/", {"[x].csv": "out/[x].csv", "a.csv": "out/a.csv", "b.csv": "out/b.csv"}),
        ("?.txt", "out", {"c.txt": "out/c.txt"}),
        ("[ab].csv", "out", {"a.csv": "out/a.csv", "b.csv": "out/b.csv"}),
        ("[a-b].csv", "out", {"a.csv": "out/a.csv", "b.csv": "out/b.csv"}),
        ("[!a].csv", "out", {"b.csv": "out/b.csv"}),
        ("[[]x].csv", "out", {"[x].csv": "out/[x].csv"}),
        ("deep/*", "out", {"deep/d.csv": "out/d.csv"}),
        ("deep/**/*", "out", {"deep/d.csv": "out/d.csv", "deep/er/e.csv": "out/er/e.csv"}),
        (
            "**/*.csv",
            "out",
            {
                "[x].csv": "out/[x].csv",
                "a.csv": "out/a.csv",
                "b.csv": "out/b.csv",
                "deep/d.csv": "out/deep/d.csv",
                "deep/er/e.csv": "out/deep/er/e.csv",
            },
        ),
        (".h*", "out", {".hidden": "out/.hidden"}),
        ("../std*.txt", "out", {"../stderr.txt": "out/stderr.txt", "../stdout.txt": "out/stdout.txt"}),
        ("../stdout.txt", None, {"../stdout.txt": "stdout.txt"}),
        ("$AZ_BATCH_TASK_DIR/*.txt", "out", {"../stderr.txt": "out/stderr.txt", "../stdout.txt": "out/stdout.txt"}),
        ("${KIND}.csv", None, {"a.csv": "a.csv"}),
        ("$UNKNOWN/*", "out", {}),
    ],
)
def test_pattern_means_these_files_and_blobs(
    directory: TaskDirectory, pattern: str, path: str | None, expected: dict[str, str]
) -> None:
    environment = {"AZ_BATCH_TASK_DIR": str(directory.path), "KIND": "a"}
    found = matches(output(pattern, "http://127.0.0.1:9/c", path), directory, environment)
    named = {(directory.working / source).resolve(): blob for source, blob in expected.items()}
    assert {source.resolve(): blob for source, blob in found} == named


def test_outputs_are_there_before_the_task_counts_as_completed(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    for i in range(10):
        run(
            client,
            job,
            task(f"t{i}", sh("echo $AZ_BATCH_TASK_ID > out.txt"), outputFiles=[output("*.txt", url, f"{i}")]),
        )
        assert container.download_blob(f"{i}/out.txt").readall() == f"t{i}\n".encode()


def test_standard_output_and_error_can_be_kept(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    work(
        client,
        job,
        "echo out; echo err >&2; exit 1",
        output("../std*.txt", url, "$TASK"),
        output("../std*.txt", url, "k"),
    )
    assert container.download_blob("k/stdout.txt").readall() == b"out\n"
    assert container.download_blob("k/stderr.txt").readall() == b"err\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [("touch x", ["always", "on-success"]), ("touch x; exit 1", ["always", "on-failure"])],
)
def test_condition_decides_what_is_uploaded(
    client: BatchClient, job: str, container: ContainerClient, url: str, script: str, expected: list[str]
) -> None:
    files = (
        output("x", url, "always"),
        output("x", url, "on-success", "TaskSuccess"),
        output("x", url, "on-failure", "taskfailure"),
    )
    work(client, job, script, *files)
    assert names(container) == expected


def test_blob_that_is_there_is_replaced(client: BatchClient, job: str, container: ContainerClient, url: str) -> None:
    container.upload_blob("x", b"before")
    work(client, job, "echo after > x", output("x", url))
    assert container.download_blob("x").readall() == b"after\n"


def test_large_empty_and_strangely_named_files_arrive(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    script = 'head -c 9000000 /dev/zero > large; : > empty; echo x > "a b+%41 žluť.txt"'
    work(client, job, script, output("*", url, "out"))
    sizes = {blob.name: blob.size for blob in container.list_blobs()}
    assert sizes == {"out/a b+%41 žluť.txt": 2, "out/empty": 0, "out/large": 9_000_000}


def test_headers_of_the_upload_are_the_blobs(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    headers = [{"name": "x-ms-blob-content-type", "value": "text/csv"}, {"name": "x-ms-meta-run", "value": "7"}]
    work(client, job, "touch x", output("x", url, uploadHeaders=headers))
    properties = container.get_blob_client("x").get_blob_properties()
    assert (properties.content_settings.content_type, properties.metadata) == ("text/csv", {"run": "7"})


def test_pattern_without_files_is_no_fault(client: BatchClient, job: str, container: ContainerClient, url: str) -> None:
    done = work(client, job, "true", output("*.csv", url), output("none", url))
    assert (execution(done).result, names(container)) == ("success", [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("?", "FileUploadAccessDenied"),
        ("?sv=2025-01-05&sig=AAAA", "FileUploadAccessDenied"),
        ("identity", "FileUploadAccessDenied"),
        ("read only", "FileUploadAccessDenied"),
        ("gone", "FileUploadContainerNotFound"),
    ],
)
def test_upload_that_fails_fails_the_task_whatever_its_exit_code_and_without_retry(
    client: BatchClient, service: Status, job: str, container: ContainerClient, url: str, change: str, code: str
) -> None:
    target = f"{container.url}{change}"
    more: dict[str, Any] = {}
    if change == "identity":
        target, more = str(container.url), {"identityReference": {"resourceId": "/subscriptions/s/other"}}
    elif change == "read only":
        target = signed_url(service, container, "r")
    elif change == "gone":
        target = url
        container.delete_container()
    done = work(client, job, "touch x", output("x", target, **more), constraints={"maxTaskRetryCount": 2})
    info = execution(done)
    assert (failure_code(done), info.exit_code, info.result, info.retry_count) == (code, 0, "failure", 0)
    assert info.failure_info is not None
    assert "sig=" not in str(info.failure_info.as_dict())
    assert read(client, job, "t", "fileuploaderr.txt")
    with pytest.raises(ResourceExistsError) as refusal:
        client.reactivate_task(job, "t")
    assert error_code(refusal.value) == "TaskSucceeded"


def test_uploads_are_logged_beside_the_working_directory(client: BatchClient, job: str, url: str) -> None:
    work(client, job, "touch x y", output("*", url, "out"))
    lines = read(client, job, "t", "fileuploadout.txt").decode().splitlines()
    assert [line.split(" -> ")[1] for line in lines] == ["out/x", "out/y"]
    assert read(client, job, "t", "fileuploaderr.txt") == b""


def test_task_that_is_ended_uploads_nothing(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    client.create_task(job, task("t", sh("touch x; sleep 600"), outputFiles=[output("x", url)]))
    wait_for_state(client, job, "t", "running")
    client.terminate_task(job, "t")
    completed(client, job, "t")
    run(client, job, task("next", "true"))
    assert names(container) == []


def test_every_attempt_uploads_and_the_last_one_stays(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    limits = {"maxTaskRetryCount": 2}
    work(client, job, "date +%s%N > x; cp x own-$(cat x); exit 1", output("own-*", url), constraints=limits)
    assert len(names(container)) == 3
