"""The end of stderr, wherever it is, without the rest."""

import pytest

from shoal.connect import Services
from shoal.runs.why.stderr_end import PART, stderr_end
from tests.environments import wait_for_job
from tests.runs.batch_jobs import add_job, task


def numbered(lines: int) -> bytes:
    return b"".join(b"line %d\n" % number for number in range(lines))


@pytest.mark.parametrize("lines", [0, 3, 40_000])
def test_end_is_read_from_the_node(services: Services, name: str, lines: int) -> None:
    add_job(services, name, task("t", f'seq -f "line %.0f" 0 {lines - 1} >&2'))
    wait_for_job(services, name)
    assert len(numbered(40_000)) > PART
    expected = numbered(lines).decode().splitlines()[-10:]
    assert stderr_end(services, name, "t", folder=name).splitlines() == expected


@pytest.mark.parametrize("lines", [0, 3, 40_000])
def test_end_is_read_from_storage_once_the_node_is_gone(services: Services, name: str, lines: int) -> None:
    services.blobs.get_blob_client("logs", f"{name}.run/t/stderr.txt").upload_blob(numbered(lines))
    expected = numbered(lines).decode().splitlines()[-10:]
    assert stderr_end(services, name, "t", folder=f"{name}.run").splitlines() == expected


def test_end_that_is_nowhere_is_empty(services: Services, name: str) -> None:
    assert stderr_end(services, name, "t", folder=name) == ""
