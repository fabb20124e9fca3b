from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shoal.jobs.submit.collection import MAX_BYTES, Added, EncodedTask, Patience, add, collections, encoded
from shoal.jobs.submit.submit import add_all
from tests.jobs.scripted_service import Answer, all_added, refused, scripted


class Waits:
    """A clock that jumps over every wait and remembers it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def patience(self) -> Patience:
        return Patience(now=lambda: sum(self.seconds), sleep=self.seconds.append)


def named(*ids: str) -> list[EncodedTask]:
    return list(encoded({"id": task, "commandLine": "true"} for task in ids))


def statuses(**by_task: tuple[str, str]) -> Answer:
    return Answer(
        body={
            "value": [
                {"status": status, "taskId": task}
                | ({"error": {"code": code, "message": {"value": f"{code}!\nmore"}}} if code else {})
                for task, (status, code) in by_task.items()
            ]
        }
    )


def test_collections_hold_a_hundred_tasks_and_less_than_a_megabyte() -> None:
    small = [EncodedTask(id=str(i), body=b"{}") for i in range(250)]
    assert [len(chunk) for chunk in collections(small)] == [100, 100, 50]
    large = [EncodedTask(id=str(i), body=b"x" * (MAX_BYTES // 3)) for i in range(5)]
    assert [len(chunk) for chunk in collections(large)] == [2, 2, 1]


def test_task_that_exists_counts_as_already_there_and_others_are_refused_by_name() -> None:
    answer = statuses(
        a=("Success", ""), b=("ClientError", "TaskExists"), c=("clienterror", "InvalidPropertyValue")
    )  # the spelling of a status differs between versions
    with scripted(lambda _: answer) as (client, _):
        done = add(client, "job", named("a", "b", "c"))
    assert (done.added, done.already_there) == (1, 1)
    assert [(refusal.task_id, refusal.code, refusal.message) for refusal in done.refusals] == [
        ("c", "InvalidPropertyValue", "InvalidPropertyValue!")
    ]


def test_only_what_the_service_did_not_get_to_is_sent_again() -> None:
    waits = Waits()
    with scripted(
        lambda _: statuses(a=("success", ""), b=("servererror", "InternalError"), c=("success", "")), all_added
    ) as (client, calls):
        assert add(client, "job", named("a", "b", "c"), waits.patience()) == Added(added=3)
    assert calls == [["a", "b", "c"], ["b"]]


@pytest.mark.parametrize(
    ("status", "code", "headers", "waited"),
    [
        (429, "TooManyRequests", {"Retry_After": "7"}, [7.0, 7.0, 7.0, 7.0]),
        (429, "TooManyRequests", {"Retry_After": "0"}, [0.25, 0.5, 1.0, 2.0]),
        (503, "ServerBusy", {}, [0.25, 0.5, 1.0, 2.0]),
        (500, "InternalError", {}, [0.25, 0.5, 1.0, 2.0]),
    ],
)
def test_throttled_call_waits_as_asked_and_goes_on(
    status: int, code: str, headers: dict[str, str], waited: list[float]
) -> None:
    waits = Waits()
    busy = refused(status, code, **headers)
    with scripted(*[lambda _: busy] * 4, all_added) as (client, calls):
        assert add(client, "job", named("a"), waits.patience()) == Added(added=1)
    assert waits.seconds == waited
    assert len(calls) == 5


def test_lost_answer_is_asked_for_again() -> None:
    with scripted(lambda _: Answer(lost=True), lambda _: statuses(a=("clienterror", "TaskExists"))) as (client, _):
        assert add(client, "job", named("a"), Waits().patience()) == Added(already_there=1)


def test_patience_ends_after_five_minutes_without_an_answer() -> None:
    waits = Waits()
    with (
        scripted(lambda _: Answer(lost=True)) as (client, _),
        pytest.raises(ServiceResponseError),
    ):
        add(client, "job", named("a"), waits.patience())
    assert 300 < sum(waits.seconds) < 340


def test_call_that_is_refused_as_a_whole_is_not_repeated() -> None:
    with (
        scripted(lambda _: refused(409, "JobCompleted")) as (client, calls),
        pytest.raises(HttpResponseError, match="JobCompleted"),
    ):
        add(client, "job", named("a"), Waits().patience())
    assert len(calls) == 1


def test_collection_that_is_too_large_is_halved_until_it_fits() -> None:
    def at_most_two(tasks: list[dict[str, Any]]) -> Answer:
        return all_added(tasks) if len(tasks) <= 2 else refused(413, "RequestBodyTooLarge")

    with scripted(at_most_two) as (client, calls):
        assert add(client, "job", named("a", "b", "c", "d", "e")) == Added(added=5)
    assert [len(call) for call in calls] == [5, 2, 3, 1, 2]


def test_task_that_is_too_large_alone_is_refused_by_name() -> None:
    with scripted(lambda _: refused(413, "RequestBodyTooLarge")) as (client, _):
        done = add(client, "job", named("huge"))
    assert [(refusal.task_id, refusal.code) for refusal in done.refusals] == [("huge", "RequestBodyTooLarge")]


def test_every_task_of_a_stream_is_added_once_with_several_calls_in_flight() -> None:
    with scripted(all_added) as (client, calls):
        done = add_all(client, "job", ({"id": f"t{i}"} for i in range(1234)))
    assert done == Added(added=1234)
    assert sorted(task for call in calls for task in call) == sorted(f"t{i}" for i in range(1234))


def test_stream_is_not_read_on_after_a_refusal() -> None:
    read = 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal read
        while True:
            read += 1
            yield {"id": f"t{read}"}

    with (
        scripted(lambda _: refused(404, "JobNotFound")) as (client, _),
        pytest.raises(HttpResponseError, match="JobNotFound"),
    ):
        add_all(client, "job", endless(), in_flight=2)
    assert read <= 1000
