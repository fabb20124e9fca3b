import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.local.api import files
from tests.local.making import error_code, make_job, read, run, sh, task, wait_for_state
from tests.raw import Raw
from tests.waiting import wait_until

SCRIPT = "\n".join(
    [
        "printf 0123456789 > digits.bin",
        "mkdir -p deep/er",
        "echo a > deep/er/file.json",
        'touch "with space + %41.txt"',
        "printf secret > $AZ_BATCH_NODE_ROOT_DIR/../secret",
        "ln -s $AZ_BATCH_NODE_ROOT_DIR/../secret out",
        "ln -s / root",
        "ln -s nowhere broken",
        "ln -s deep/er/file.json in",
        "mkfifo pipe",
        'printf x > "$(printf "\\\\377.dat")"',
        "echo written",
    ]
)


@pytest.fixture(scope="module")
def written(client: BatchClient, pool: str) -> Iterator[str]:
    """A job whose task `t` has left files of all kinds."""
    make_job(client, "written", pool)
    run(client, "written", task("t", sh(SCRIPT)))
    assert read(client, "written", "t") == b"written\n", read(client, "written", "t", "stderr.txt")
    yield "written"
    client.begin_delete_job("written")


def test_files_of_a_task_are_listed(client: BatchClient, written: str) -> None:
    files = {str(file.name): file for file in client.list_task_files(written, "t")}
    assert list(files) == ["stderr.txt", "stdout.txt", "wd"]
    stdout = files["stdout.txt"]
    assert stdout.properties is not None
    assert (stdout.is_directory, stdout.properties.content_length) == (False, 8)
    assert stdout.properties.file_mode == "100644"
    assert stdout.properties.last_modified > datetime.now(UTC) - timedelta(hours=1)
    assert (files["wd"].is_directory, files["wd"].properties) == (True, None)
    assert files["wd"].url == client.get_task(written, "t").url + "/files/wd"


def test_list_goes_down_where_asked_to_but_never_out(client: BatchClient, written: str) -> None:
    names = [str(file.name) for file in client.list_task_files(written, "t", recursive=True)]
    assert names == [
        "stderr.txt",
        "stdout.txt",
        "wd",
        "wd/deep",
        "wd/deep/er",
        "wd/deep/er/file.json",
        "wd/digits.bin",
        "wd/in",
        "wd/out",
        "wd/pipe",
        "wd/root",
        "wd/with space + %41.txt",
        "wd/\N{REPLACEMENT CHARACTER}.dat",
    ]


def test_list_is_filtered_and_paged(client: BatchClient, written: str) -> None:
    below = client.list_task_files(written, "t", recursive=True, filter="startswith(name,'wd/d')", max_results=2)
    assert [file.name for file in below] == ["wd/deep", "wd/deep/er", "wd/deep/er/file.json", "wd/digits.bin"]


@pytest.mark.parametrize("root", ["/jobs/{job}/tasks/t/files", "/pools/shared/nodes/{node}/files"])
def test_file_that_is_deleted_between_two_pages_hides_no_other(
    raw: Raw, client: BatchClient, job: str, root: str
) -> None:
    node_info = run(client, job, task("t", sh("touch a b c d"))).node_info
    assert node_info is not None
    path = root.format(job=job, node=node_info.node_id)
    folder = "wd" if path.startswith("/jobs") else f"workitems/{job}/job-1/t/wd"
    query = {"recursive": "true", "maxresults": "2", "$filter": f"startswith(name,'{folder}/')"}
    first = raw("GET", path, query=query).body
    assert raw("DELETE", f"{path}/{folder}/a").status == 200
    link = parse_qs(urlsplit(first["odata.nextLink"]).query)
    second = raw("GET", path, query={name: values[0] for name, values in link.items()}).body
    assert [file["name"] for page in (first, second) for file in page["value"]] == [f"{folder}/{x}" for x in "abcd"]


def test_link_is_deleted_itself_wherever_it_leads(raw: Raw, client: BatchClient, job: str) -> None:
    script = (
        "mkdir d; echo kept | tee target > d/inner; ln -s target file; ln -s d folder; ln -s / out; ln -s gone broken"
    )
    run(client, job, task("t", sh(script)))
    path = f"/jobs/{job}/tasks/t/files/wd"
    for link in ("file", "folder", "out", "broken"):
        assert raw("DELETE", f"{path}/{link}", query={"recursive": "true"}).status == 200
        assert raw("DELETE", f"{path}/{link}").code == "FileNotFound"
    assert [raw("GET", f"{path}/{file}").content for file in ("target", "d/inner")] == [b"kept\n"] * 2


def test_file_of_every_listed_url_can_be_read(raw: Raw, client: BatchClient, written: str) -> None:
    for file in client.list_task_files(written, "t", recursive=True):
        if file.properties is not None and not str(file.name).endswith("out"):
            path = str(file.url).removeprefix(raw.status.batch_endpoint)
            answer = raw("GET", path)
            assert (answer.status, len(answer.content)) == (200, file.properties.content_length)
            assert answer.headers["ocp-batch-file-url"] == file.url


@pytest.mark.parametrize("path", ["wd%2Fdigits.bin", "wd/digits.bin", "wd%5Cdigits.bin", "/wd/deep/../digits.bin"])
def test_path_may_be_written_in_several_ways(raw: Raw, written: str, path: str) -> None:
    answer = raw("GET", f"/jobs/{written}/tasks/t/files/{path}")
    assert (answer.status, answer.content) == (200, b"0123456789")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.txt",
        "wd",
        "wd/out",
        "wd/root/etc/passwd",
        "wd/broken",
        "wd/pipe",
        "wd/digits.bin/more",
        "../../../../secret",
        "..%2F..%2F..%2F..%2Fsecret",
        "..%5C..%5C..%5C..%5Csecret",
        "%2Fetc%2Fpasswd",
        "wd/%00",
        "x" * 300,
        "x/" * 3000,
    ],
)
@pytest.mark.parametrize("root", ["/jobs/{job}/tasks/t/files", "/pools/shared/nodes/{node}/files"])
def test_what_is_no_file_below_the_root_is_not_found(
    raw: Raw, client: BatchClient, written: str, root: str, path: str
) -> None:
    where = client.get_task(written, "t").node_info
    assert where is not None
    answer = raw("GET", f"{root.format(job=written, node=where.node_id)}/{path}")
    assert (answer.status, answer.code) == (404, "FileNotFound")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-0", b"0"),
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=8-99", b"89"),
        ("bytes=0-999999999999999999", b"0123456789"),
    ],
)
def test_part_of_a_file_is_read(client: BatchClient, written: str, wanted: str, expected: bytes) -> None:
    assert b"".join(client.download_task_file(written, "t", "wd/digits.bin", ocp_range=wanted)) == expected


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=5-4", "bytes=-3", "bytes=a-b", "0-5", "bytes=0-" + "9" * 5000])
def test_part_that_is_not_there_is_refused(raw: Raw, written: str, wanted: str) -> None:
    answer = raw("GET", f"/jobs/{written}/tasks/t/files/wd/digits.bin", headers={"ocp-range": wanted})
    assert (answer.status, answer.code) == (416, "InvalidRange")


def test_properties_are_read_without_the_content(client: BatchClient, written: str) -> None:
    found = client.get_task_file_properties(written, "t", "wd/deep/er/file.json")
    assert (found.content_length, found.is_directory) == (2, False)
    assert found.url == client.get_task(written, "t").url + "/files/wd/deep/er/file.json"
    assert found.file_mode == "100644"
    assert client.get_task_file_properties(written, "t", "wd/deep").is_directory is True
    with pytest.raises(ResourceNotFoundError):
        client.get_task_file_properties(written, "t", "wd/none")


def test_file_is_read_again_only_when_it_has_changed(client: BatchClient, written: str) -> None:
    changed = client.get_task_file_properties(written, "t", "stdout.txt").last_modified
    with pytest.raises(HttpResponseError) as unchanged:
        client.download_task_file(written, "t", "stdout.txt", if_modified_since=changed)
    assert unchanged.value.status_code == 304
    with pytest.raises(HttpResponseError) as later:
        client.download_task_file(written, "t", "stdout.txt", if_unmodified_since=changed - timedelta(hours=1))
    assert later.value.status_code == 412
    again = client.download_task_file(written, "t", "stdout.txt", if_modified_since=changed - timedelta(hours=1))
    assert b"".join(again) == b"written\n"


def test_node_shows_the_files_of_its_tasks_too(client: BatchClient, pool: str, written: str) -> None:
    where = client.get_task(written, "t").node_info
    assert where is not None
    node = str(where.node_id)
    names = [file.name for file in client.list_node_files(pool, node)]
    assert names == ["applications", "fsmounts", "shared", "volatile", "workitems"]
    path = f"{where.task_root_directory}/stdout.txt"
    assert b"".join(client.download_node_file(pool, node, path)) == b"written\n"
    assert client.get_node_file_properties(pool, node, path).content_length == 8


def test_output_is_read_while_the_task_writes_it(client: BatchClient, job: str) -> None:
    client.create_task(job, task("t", sh("echo one; while ! test -e ../go; do sleep 0.02; done; echo two; sleep 600")))
    wait_for_state(client, job, "t", "running")

    def output() -> bytes:
        try:
            return read(client, job, "t")
        except HttpResponseError:
            return b""

    wait_until(lambda: output() == b"one\n")
    where = client.get_task(job, "t").node_info
    assert where is not None
    run(
        client,
        job,
        task(
            "go", sh("for d in $AZ_BATCH_NODE_ROOT_DIR/../*/workitems/$AZ_BATCH_JOB_ID/job-1/t; do touch $d/go; done")
        ),
    )
    wait_until(lambda: output() == b"one\ntwo\n")


def test_output_of_50_megabytes_comes_whole(client: BatchClient, raw: Raw, job: str) -> None:
    script = "import sys, hashlib; b = bytes(range(256)) * 204800; sys.stdout.buffer.write(b)"
    run(client, job, task("t", f"python3 -c '{script}'"))
    expected = bytes(range(256)) * 204_800
    assert client.get_task_file_properties(job, "t", "stdout.txt").content_length == len(expected)
    found = hashlib.sha256()
    for part in client.download_task_file(job, "t", "stdout.txt"):
        found.update(part)
    assert found.digest() == hashlib.sha256(expected).digest()
    middle = client.download_task_file(job, "t", "stdout.txt", ocp_range="bytes=1000000-2999999")
    assert b"".join(middle) == expected[1_000_000:3_000_000]


def test_binary_output_comes_byte_for_byte(client: BatchClient, job: str) -> None:
    run(client, job, task("t", sh('printf "\\000\\377\\r\\n\\200"; printf "\\376" >&2')))
    assert (read(client, job, "t"), read(client, job, "t", "stderr.txt")) == (b"\0\xff\r\n\x80", b"\xfe")


def test_task_that_has_not_run_has_no_files(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    with pytest.raises(ResourceExistsError) as refusal:
        list(client.list_task_files(name, "t"))
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "TaskFilesUnavailable")


def test_deleted_job_leaves_no_files(service_nodes: Path, client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool)
    client.create_tasks(name, [task(f"t{i}", "touch x") for i in range(20)])
    run(client, name, task("last", "true"))
    assert list(service_nodes.glob(f"*/workitems/{name}"))
    client.begin_delete_job(name)
    wait_until(lambda: not list(service_nodes.glob(f"*/workitems/{name}")))


@pytest.fixture
def service_nodes(raw: Raw) -> Path:
    return Path(raw.status.state_dir) / "nodes"


@given(
    st.lists(st.lists(st.sampled_from(["a", "a-", "a.b", "b", "B"]), min_size=1, max_size=4)),
    st.text("ab/-", max_size=4),
)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25, deadline=None)
def test_names_come_in_the_order_of_their_whole_paths(paths: list[list[str]], prefix: str) -> None:
    with TemporaryDirectory() as folder:
        for path in paths:
            Path(folder, *path).mkdir(parents=True, exist_ok=True)
        present = [path.relative_to(folder).as_posix() for path in Path(folder).rglob("*")]
        expected = sorted(name for name in present if name.startswith(prefix))
        assert list(files.file_names(Path(folder), prefix, recursive=True)) == expected
        assert list(files.file_names(Path(folder), prefix, recursive=False)) == [n for n in expected if "/" not in n]


def test_folder_is_not_read_before_its_turn_in_a_listing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    names = files.file_names(tmp_path, "", recursive=True)
    assert next(names) == "a"
    (tmp_path / "b" / "late").touch()
    assert list(names) == ["b", "b/late"]
