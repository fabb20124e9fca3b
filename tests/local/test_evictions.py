"""Evictions of Spot nodes by rate and seed; without a service, by a clock of the test's."""

from pathlib import Path
from random import Random

import pytest

from shoal.local import chaos, times
from shoal.local.chaos import Chaos
from shoal.local.errors import BatchError
from shoal.local.scheduler import evictions
from shoal.local.scheduler.evictions import Evictions
from shoal.local.store.queries import text
from tests.local.paper import PoolOnPaper

HOURLY = Chaos(evictions_per_node_hour=1.0)
IDLE = "$TargetLowPriorityNodes = 0;"


def test_without_a_rate_nothing_is_taken() -> None:
    assert chaos.evicted(range(1000), Chaos(), 1000 * times.HOUR, Random(0)) == []


def test_rate_is_that_of_each_node_and_hour() -> None:
    taken = chaos.evicted(range(10_000), HOURLY, 6 * times.MINUTE, Random(0))
    assert 900 < len(taken) < 1100


def test_after_an_hour_without_a_look_every_node_has_had_its_turn() -> None:
    assert chaos.evicted(range(10), HOURLY, times.HOUR, Random(0)) == list(range(10))


def taken(directory: Path, seed: int) -> list[int]:
    """Return how many of 200 Spot nodes are away after each of ten looks, 36 s apart."""
    directory.mkdir()
    pool = PoolOnPaper(directory, IDLE, "PT5M")
    pool.size(pool.at(0), spot=200, dedicated=5)
    chaos.store(pool.connection, Chaos(evictions_per_node_hour=3.0, seed=seed))
    drawing = Evictions()
    away = []
    for look in range(11):
        tx = pool.at(36 * look)
        drawing.draw(tx)
        away.append(len(tx.all(text, "SELECT id FROM nodes WHERE state = 'preempted'")))
    assert not tx.exists("SELECT 1 FROM nodes WHERE dedicated AND state = 'preempted'")
    return away


def test_same_seed_takes_the_same_nodes_and_only_spot_ones(tmp_path: Path) -> None:
    first = taken(tmp_path / "1", seed=7)
    assert first[0] == 0, "nothing has passed before the first look"
    assert first == sorted(first)
    assert 25 < first[-1] < 80
    assert first == taken(tmp_path / "2", seed=7)
    assert first != taken(tmp_path / "3", seed=8)


def test_another_seed_begins_its_numbers_anew(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    drawing = Evictions()
    for seed in (1, 2):
        chaos.store(pool.connection, Chaos(seed=seed))
        drawing.draw(pool.at(seed))
        assert drawing.random.random() == Random(seed).random()


def test_only_spot_nodes_at_work_can_be_preempted(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, IDLE, "PT5M")
    tx = pool.at(0)
    pool.size(tx, spot=1, dedicated=1)
    (dedicated,) = tx.all(text, "SELECT id FROM nodes WHERE dedicated")
    with pytest.raises(BatchError, match="is not a Spot node at work"):
        evictions.preempt_named(tx, dedicated)
    (spot,) = tx.all(text, "SELECT id FROM nodes WHERE NOT dedicated")
    assert evictions.preempt_named(tx, None) == spot
    with pytest.raises(BatchError, match="No Spot node is at work"):
        evictions.preempt_named(tx, None)
