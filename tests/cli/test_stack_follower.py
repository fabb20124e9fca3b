"""The reading behind `shoal top`: how much it asks, and how it goes on after the service was away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from shoal.cli.stack_follower import StackFollower
from shoal.cli.stack_screen import RowKey, View
from shoal.environment import Environment
from shoal.service_status import Status
from tests.ui.relay import Relay, relayed
from tests.waiting import wait_until


@contextmanager
def following(environment: Environment) -> Iterator[tuple[Relay, StackFollower]]:
    with relayed(environment.batch_endpoint) as relay:
        there = replace(environment, batch_endpoint=relay.address)
        with StackFollower(lambda: there, interval=0.5) as follower:
            wait_until(lambda: follower.seen.glance is not None)
            yield relay, follower
        assert follower.failure is None


@pytest.fixture(autouse=True)
def state_of_the_service(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the follower, which is in this process, find the keys of the suite's service."""
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)


def test_service_that_goes_away_is_said_and_followed_again(environment: Environment) -> None:
    with following(environment) as (relay, follower):
        before = follower.seen.glance
        relay.cut()
        wait_until(lambda: follower.seen.problem)
        assert follower.seen.problem.startswith("the service of stack 'local' does not answer (Batch at http://")
        assert follower.seen.glance is not None
        relay.put_back()
        wait_until(lambda: not follower.seen.problem)
        assert follower.seen.glance != before


def test_requests_stay_below_five_a_second_and_none_is_sent_while_paused(environment: Environment) -> None:
    with following(environment) as (relay, follower):
        began, first = time.monotonic(), relay.requests
        follower.show(View(chosen=RowKey(kind="pool", name="spot"), is_open=True))
        wait_until(lambda: follower.seen.opened)
        wait_until(lambda: relay.requests - first >= 20)
        # One reading may be ahead of what is paid for.
        assert relay.requests - first <= 5 * (time.monotonic() - began) + 16
        assert time.monotonic() - began > 1
        follower.show(replace(follower.view, is_paused=True))
        time.sleep(3)
        last = relay.requests
        time.sleep(1)
        assert relay.requests == last


def test_opened_job_that_is_gone_is_said_in_its_place(environment: Environment, name: str) -> None:
    with following(environment) as (_, follower):
        follower.show(View(chosen=RowKey(kind="job", name=name), is_open=True))
        wait_until(lambda: follower.seen.opened)
        assert f"'{name}'" in str(follower.seen.opened[0])
        assert follower.seen.problem == ""
