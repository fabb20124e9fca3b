"""The reader behind the pages: its rate, and a service that goes away and comes back."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shoal.environment import Environment
from shoal.ui.request_pace import RATE, Pace
from shoal.ui.retry_pause import pause
from tests.ui.relay import Relay, relayed
from tests.ui.visitor import Visitor, visited
from tests.waiting import wait_until

SECONDS = 6.0
FIRST = 25
"""Requests of the first reading of each page, which comes at once."""


@pytest.fixture
def relay(environment: Environment) -> Iterator[Relay]:
    with relayed(environment.batch_endpoint) as found:
        yield found


@pytest.fixture
def through_relay(environment: Environment, relay: Relay) -> Iterator[Visitor]:
    with visited(lambda: replace(environment, batch_endpoint=relay.address)) as visitor:
        yield visitor.open()


def test_service_that_goes_away_is_told_and_the_page_goes_on_when_it_is_back(
    relay: Relay, through_relay: Visitor
) -> None:
    events = through_relay.events("/")
    assert next(events)[0] == "document"
    relay.cut()
    kind, content = next(event for event in events if event[0] != "document")
    assert (kind, content["is_away"]) == ("problem", True)
    assert "the service of stack 'local' does not answer" in content["problem"]
    relay.put_back()
    assert next(event for event in events if event[0] == "document")[1]["stack"] == "local"


def test_ten_pages_cost_no_more_requests_a_second_than_one(relay: Relay, through_relay: Visitor) -> None:
    addresses = ["/", "/", "/pools/spot", *(f"/jobs/none-{number}" for number in range(7))]
    began = time.monotonic()
    streams = [through_relay.events(address) for address in addresses]
    for stream in streams:
        next(stream)  # from here on the page is open
    time.sleep(max(0.0, began + SECONDS - time.monotonic()))
    passed = time.monotonic() - began
    assert 0 < relay.requests <= RATE * passed + FIRST


def test_nothing_is_read_without_an_open_page(relay: Relay, through_relay: Visitor) -> None:
    through_relay.document("/")
    # The server notices at its next event that the page is closed.
    numbers: list[int] = []

    def is_quiet() -> bool:
        numbers.append(relay.requests)
        time.sleep(1.5)
        return relay.requests == numbers[-1]

    wait_until(is_quiet)


@pytest.mark.parametrize(
    ("failures", "look_up_seconds", "seconds"),
    [(1, 0.01, 2), (50, 0.01, 2), (1, 1.5, 2), (2, 1.5, 4), (5, 1.5, 32), (6, 1.5, 60), (5000, 1.5, 60)],
)
def test_stack_that_takes_long_to_look_up_is_tried_less_and_less_often_while_it_is_away(
    failures: int, look_up_seconds: float, seconds: float
) -> None:
    assert pause(failures, look_up_seconds) == seconds


def test_requests_put_off_the_next_ones_by_what_they_are_worth() -> None:
    pace = Pace()
    pace.count.number = 10
    pace.pay(now=100.0)
    assert pace.free_at == 100.0 + 10 / RATE
    pace.pay(now=100.5)
    assert pace.free_at == 100.0 + 10 / RATE
    pace.count.number = 15
    pace.pay(now=101.0)
    assert pace.free_at == 100.0 + 15 / RATE
