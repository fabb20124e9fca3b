import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.storage.blob import ContainerClient

from shoal.local.node.blob_transfer import Blobs
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import Setup, StorageKeys
from shoal.local.node.resource_files import sources
from shoal.service_status import Status
from tests.blobs import make_container, signed_url
from tests.local.making import execution, failure_code, make_job, read, run, sh, task, wait_for_completed

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/other"


@pytest.fixture
def container(service: Status, name: str) -> ContainerClient:
    blobs = {"a.txt": b"a", "in/b.txt": b"b", "in/deep/c d.txt": b"c", "index.txt": b"i"}
    return make_container(service, name, **blobs)


@pytest.fixture
def url(service: Status, container: ContainerClient) -> str:
    return signed_url(service, container, "rl")


def blob_url(container_url: str, blob: str) -> str:
    base, _, signature = container_url.partition("?")
    return f"{base}/{blob}?{signature}"


def fetch(
    client: BatchClient, job: str, *files: dict[str, Any], script: str = "find . -type f | sort"
) -> models.BatchTask:
    """A task with these resource files."""
    return run(client, job, task("t", sh(script), resourceFiles=list(files)))


def test_blob_lies_where_it_was_asked_for_before_the_command_runs(client: BatchClient, job: str, url: str) -> None:
    file = {"httpUrl": blob_url(url, "in/b.txt"), "filePath": "made/new name.txt"}
    fetch(client, job, file, script='cat "made/new name.txt"')
    assert read(client, job, "t") == b"b"


def test_container_keeps_the_whole_paths_of_its_blobs(client: BatchClient, job: str, url: str) -> None:
    fetch(client, job, {"storageContainerUrl": url})
    assert read(client, job, "t").decode().splitlines() == ["./a.txt", "./in/b.txt", "./in/deep/c d.txt", "./index.txt"]


def test_prefix_chooses_blobs_and_file_path_is_the_directory_above_them(
    client: BatchClient, job: str, url: str
) -> None:
    fetch(client, job, {"storageContainerUrl": url, "blobPrefix": "in/", "filePath": "inputs"})
    assert read(client, job, "t").decode().splitlines() == ["./inputs/in/b.txt", "./inputs/in/deep/c d.txt"]


def test_prefix_is_no_directory(client: BatchClient, job: str, url: str) -> None:
    fetch(client, job, {"storageContainerUrl": url, "blobPrefix": "in"})
    assert read(client, job, "t").decode().splitlines() == ["./in/b.txt", "./in/deep/c d.txt", "./index.txt"]


def test_prefix_that_no_blob_has_fetches_nothing(client: BatchClient, job: str, url: str) -> None:
    done = fetch(client, job, {"storageContainerUrl": url, "blobPrefix": "zzz"})
    assert (execution(done).exit_code, read(client, job, "t")) == (0, b"")


def test_container_of_the_accounts_own_storage_needs_no_signature(
    client: BatchClient, job: str, container: ContainerClient
) -> None:
    fetch(client, job, {"autoStorageContainerName": container.container_name, "blobPrefix": "a"}, script="cat a.txt")
    assert read(client, job, "t") == b"a"


@pytest.mark.parametrize(("mode", "expected"), [(None, b"770\n"), ("0644", b"644\n"), ("500", b"500\n")])
def test_file_mode_is_set(client: BatchClient, job: str, url: str, mode: str | None, expected: bytes) -> None:
    file = {"httpUrl": blob_url(url, "a.txt"), "filePath": "a", "fileMode": mode}
    fetch(client, job, file, script="stat -c %a a")
    assert read(client, job, "t") == expected


def test_script_that_comes_as_a_resource_file_runs_by_its_name(
    client: BatchClient, job: str, container: ContainerClient, url: str
) -> None:
    container.upload_blob("run.sh", b"#!/bin/sh\necho ran $1\n")
    file = {"httpUrl": blob_url(url, "run.sh"), "filePath": "run.sh"}
    run(client, job, task("t", "run.sh well", resourceFiles=[file]))
    assert read(client, job, "t") == b"ran well\n"


def test_blob_that_changes_is_fetched_again_though_it_is_cached(
    client: BatchClient, one_node: str, name: str, container: ContainerClient, url: str
) -> None:
    make_job(client, name, one_node)
    file = {"httpUrl": blob_url(url, "a.txt"), "filePath": "a"}
    for i, content in enumerate((b"a", b"a", b"changed")):
        container.upload_blob("a.txt", content, overwrite=True)
        run(client, name, task(f"t{i}", "cat a", resourceFiles=[file]))
        assert read(client, name, f"t{i}") == content


def test_many_tasks_share_an_input(client: BatchClient, job: str, container: ContainerClient, url: str) -> None:
    content = bytes(range(256)) * 4_000
    container.upload_blob("big.bin", content)
    file = {"httpUrl": blob_url(url, "big.bin"), "filePath": "big.bin"}
    client.create_tasks(job, [task(f"t{i}", "wc -c big.bin", resourceFiles=[file]) for i in range(40)])
    wait_for_completed(client, job, 40)
    assert {read(client, job, f"t{i}") for i in range(40)} == {b"1024000 big.bin\n"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"httpUrl": "{endpoint}/{container}/none?{signature}", "filePath": "a"}, "BlobNotFound"),
        ({"httpUrl": "{endpoint}/{container}-none/a.txt?{signature}", "filePath": "a"}, "BlobAccessDenied"),
        ({"httpUrl": "{endpoint}/{container}/a.txt?sv=2025-01-05&sig=AAAA", "filePath": "a"}, "BlobAccessDenied"),
        (
            {"httpUrl": "{endpoint}/{container}/a.txt", "filePath": "a", "identityReference": {"resourceId": IDENTITY}},
            "BlobAccessDenied",
        ),
        (
            {"storageContainerUrl": "{endpoint}/{container}", "identityReference": {"resourceId": IDENTITY}},
            "ResourceContainerAccessDenied",
        ),
        ({"storageContainerUrl": "{endpoint}/{container}?sv=2025-01-05&sig=AAAA"}, "ResourceContainerAccessDenied"),
        ({"autoStorageContainerName": "{container}-none"}, "ResourceContainerNotFound"),
        ({"httpUrl": "http://127.0.0.1:9/a", "filePath": "a"}, "BlobDownloadMiscError"),
        ({"httpUrl": "{endpoint}/{container}/a.txt?{signature}", "filePath": "x" * 300}, "ResourceFileWriteFailed"),
        ({"httpUrl": "{endpoint}/{container}/a.txt?{signature}", "filePath": "."}, "ResourceFileWriteFailed"),
    ],
)
def test_file_that_cannot_be_had_fails_the_task_at_once_and_names_why(
    client: BatchClient,
    service: Status,
    job: str,
    container: ContainerClient,
    url: str,
    change: dict[str, Any],
    code: str,
) -> None:
    _, _, signature = url.partition("?")
    known = {"endpoint": service.blob_endpoint, "container": str(container.container_name), "signature": signature}
    file = {key: value.format(**known) if isinstance(value, str) else value for key, value in change.items()}
    done = run(client, job, task("t", "true", resourceFiles=[file], constraints={"maxTaskRetryCount": 3}))
    info = execution(done)
    assert (failure_code(done), info.result, info.exit_code, info.retry_count) == (code, "failure", None, 0)
    assert info.failure_info is not None
    assert signature not in str(info.failure_info.as_dict())


class Listing(Blobs):
    """A container with names that a hostile storage could answer with."""

    def __init__(self, *names: str) -> None:
        self.found = names

    def names(self, container_url: str, prefix: str | None) -> Iterator[str]:
        yield from self.found


@pytest.mark.parametrize("blob", ["../out", "a/../../out", "/etc/passwd", ".."])
def test_blob_whose_name_leads_out_of_the_directory_is_refused(tmp_path: Path, blob: str) -> None:
    files = sources({"storageContainerUrl": "http://127.0.0.1:9/c", "filePath": "in"}, tmp_path, Listing("a", blob))
    assert next(files) == ("http://127.0.0.1:9/c/a", tmp_path / "in/a")
    with pytest.raises(TaskFault, match="outside the task's working directory"):
        next(files)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = {"/plain": (200, b"plain"), "/away": (302, b""), "/broken": (418, b"")}
        status, content = found.get(self.path.partition("?")[0], (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


SETUP = Setup(
    node="n",
    account="a",
    account_url="http://127.0.0.1:9/a",
    pool="p",
    dedicated=True,
    ip_address="10.0.0.4",
    path="/bin",
    identities=[],
    auto_storage=None,
    storage=StorageKeys(endpoint="http://127.0.0.1:9", keys={}),
    trust={},
    start_task=None,
    packages=[],
)


class Slow(Pages):
    """Answers after a while, and counts."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        time.sleep(0.3)
        super().do_GET()


def test_tasks_that_come_together_share_a_request_that_began_after_they_came(tmp_path: Path) -> None:
    Slow.asked = 0
    blobs, together = Blobs(SETUP, tmp_path), threading.Barrier(8)
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server, ThreadPoolExecutor(8) as threads:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/plain"

        def download(number: int) -> None:
            together.wait()
            blobs.download(url, tmp_path / f"t{number}")

        list(threads.map(download, range(8)))
        assert {(tmp_path / f"t{n}").read_bytes() for n in range(8)} == {b"plain"}
        # The second one answers for all who came during the first.
        assert Slow.asked == 2
        blobs.download(url, tmp_path / "later")
        assert Slow.asked == 3
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/plain?x=1", "/away"])
def test_any_url_will_do(client: BatchClient, job: str, pages: str, path: str) -> None:
    fetch(client, job, {"httpUrl": f"{pages}{path}", "filePath": "a"}, script="cat a")
    assert read(client, job, "t") == b"plain"


@pytest.mark.parametrize(("path", "code"), [("/none", "BlobNotFound"), ("/broken", "BlobDownloadMiscError")])
def test_url_that_does_not_answer_fails_the_task(
    client: BatchClient, job: str, pages: str, path: str, code: str
) -> None:
    assert failure_code(fetch(client, job, {"httpUrl": f"{pages}{path}", "filePath": "a"})) == code
