from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError

from shoal.local import times
from shoal.local.api import conditions
from shoal.local.errors import BatchError
from tests.local.making import completed, error_code, make_job, task
from tests.raw import Raw

MOMENT = times.moment_of("2026-01-31T12:00:00.5Z")
ETAG = times.etag(MOMENT)
SAME, EARLIER, LATER = (f"Sat, 31 Jan 2026 {clock} GMT" for clock in ("12:00:00", "11:59:59", "12:00:01"))


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [
        ({}, None, None),
        ({"if-match": ETAG}, None, None),
        ({"if-match": f'"{ETAG}"'}, None, None),
        ({"if-match": f'W/"{ETAG}"'}, None, None),
        ({"if-match": "*"}, None, None),
        ({"if-match": '"0x8DE000000000000"'}, 412, 412),
        ({"if-none-match": ETAG}, 304, 412),
        ({"if-none-match": "*"}, 304, 412),
        ({"if-none-match": '"0x8DE000000000000"'}, None, None),
        ({"if-modified-since": EARLIER}, None, None),
        ({"if-modified-since": SAME}, 304, 412),
        ({"if-modified-since": LATER}, 304, 412),
        ({"if-unmodified-since": EARLIER}, 412, 412),
        ({"if-unmodified-since": SAME}, None, None),
        ({"if-unmodified-since": LATER}, None, None),
        pytest.param({"if-match": ETAG, "if-unmodified-since": EARLIER}, None, None, id="the tag wins over the date"),
        pytest.param({"if-none-match": ETAG, "if-modified-since": EARLIER}, 304, 412, id="here as well"),
        ({"if-match": ETAG, "if-none-match": "*"}, 400, 400),
        ({"if-match": ETAG, "if-modified-since": EARLIER}, 400, 400),
        ({"if-modified-since": EARLIER, "if-unmodified-since": LATER}, 400, 400),
        ({"if-modified-since": "yesterday"}, 400, 400),
    ],
)
def test_condition_is_met_or_answered_as_batch_does(
    headers: dict[str, str], read: int | None, write: int | None
) -> None:
    for method, expected in (("GET", read), ("HEAD", read), ("PATCH", write), ("DELETE", write)):
        if expected is None:
            conditions.check(method, headers, MOMENT)
        else:
            with pytest.raises(BatchError) as refusal:
                conditions.check(method, headers, MOMENT)
            assert refusal.value.status == expected


def test_etag_is_the_same_in_header_and_body_and_moves_with_an_update_only(
    raw: Raw, client: BatchClient, job: str
) -> None:
    answer = raw("GET", f"/jobs/{job}")
    assert answer.headers["etag"] == answer.body["eTag"]
    assert answer.headers["etag"].startswith("0x8D")
    client.create_task(job, task("t", "true"))
    created = client.get_task(job, "t")
    done = completed(client, job, "t")
    assert (done.etag, done.last_modified) == (created.etag, created.last_modified)
    assert client.get_job(job).etag == answer.body["eTag"]
    client.update_job(job, models.BatchJobUpdateOptions(priority=1))
    updated = client.get_job(job)
    assert updated.etag != answer.body["eTag"]
    assert updated.last_modified > updated.creation_time


STALE = "0x8DE000000000000"
Request = Callable[[BatchClient, str], object]
WRITES: list[tuple[str, Request]] = [
    (
        "update_job",
        lambda client, name: client.update_job(
            name,
            models.BatchJobUpdateOptions(priority=1),
            etag=STALE,
            match_condition=MatchConditions.IfNotModified,
        ),
    ),
    (
        "delete_job",
        lambda client, name: client.begin_delete_job(name, etag=STALE, match_condition=MatchConditions.IfNotModified),
    ),
    (
        "terminate_job",
        lambda client, name: client.begin_terminate_job(
            name,
            options={"terminateReason": "x"},  # type: ignore[arg-type]  # the client does not export its model
            etag=STALE,
            match_condition=MatchConditions.IfNotModified,
        ),
    ),
    (
        "delete_task",
        lambda client, name: client.delete_task(name, "t", etag=STALE, match_condition=MatchConditions.IfNotModified),
    ),
    (
        "terminate_task",
        lambda client, name: client.terminate_task(
            name, "t", etag=STALE, match_condition=MatchConditions.IfNotModified
        ),
    ),
    (
        "reactivate_task",
        lambda client, name: client.reactivate_task(
            name, "t", etag=STALE, match_condition=MatchConditions.IfNotModified
        ),
    ),
    (
        "get_task",
        lambda client, name: client.get_task(name, "t", etag=STALE, match_condition=MatchConditions.IfNotModified),
    ),
]


@pytest.mark.parametrize(("operation", "request_"), WRITES, ids=[operation for operation, _ in WRITES])
def test_request_for_another_version_changes_nothing(
    client: BatchClient, name: str, operation: str, request_: Request
) -> None:
    make_job(client, name, "none")
    client.create_task(name, task("t", "true"))
    before = client.get_job(name), client.get_task(name, "t")
    with pytest.raises(ResourceModifiedError) as refusal:
        request_(client, name)
    assert (refusal.value.status_code, error_code(refusal.value)) == (412, "ConditionNotMet")
    assert (client.get_job(name), client.get_task(name, "t")) == before


def test_job_is_read_again_only_when_it_has_changed(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    etag = client.get_job(name).etag
    with pytest.raises(ResourceModifiedError) as unchanged:
        client.get_job(name, etag=etag, match_condition=MatchConditions.IfModified)
    assert unchanged.value.status_code == 304
    client.update_job(
        name, models.BatchJobUpdateOptions(priority=1), etag=etag, match_condition=MatchConditions.IfNotModified
    )
    assert client.get_job(name, etag=etag, match_condition=MatchConditions.IfModified).priority == 1


def test_dates_are_conditions_too(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    hour = timedelta(hours=1)
    with pytest.raises(HttpResponseError) as unchanged:
        client.get_job(name, if_modified_since=datetime.now(UTC) + hour)
    assert unchanged.value.status_code == 304
    with pytest.raises(HttpResponseError) as changed:
        client.begin_delete_job(name, if_unmodified_since=datetime.now(UTC) - hour)
    assert changed.value.status_code == 412
    assert client.get_job(name, if_unmodified_since=datetime.now(UTC) + hour).id == name


def test_pool_that_has_changed_is_not_deleted_or_resized(client: BatchClient, pool: str) -> None:
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0)
    for refused in (
        lambda: client.begin_delete_pool(pool, etag=STALE, match_condition=MatchConditions.IfNotModified),
        lambda: client.begin_resize_pool(pool, options, etag=STALE, match_condition=MatchConditions.IfNotModified),
        lambda: client.get_pool(pool, etag=STALE, match_condition=MatchConditions.IfNotModified),
    ):
        with pytest.raises(ResourceModifiedError):
            refused()
    assert client.get_pool(pool).target_dedicated_nodes == 2
