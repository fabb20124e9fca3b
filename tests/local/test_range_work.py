"""Dependencies on ranges cost little however many tasks wait, and never let a task run too early or too late."""

import itertools
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.local.scheduler import dependencies
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.database import open_database
from tests.local.steps import steps

ADD = (
    "INSERT INTO tasks (key, job, id, definition, slots, max_retries, blockers, state_time, created, last_modified)"
    " VALUES (?1, 1, 'c' || ?1, x'7b7d', 1, 0, 0, 0, 0, 0)"
)
Span = tuple[int, int]
SMALL = st.tuples(st.integers(0, 20), st.integers(0, 20))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return open_database(tmp_path_factory.mktemp("ranges") / "state.db")


def add_child(tx: Transaction, child: int, spans: list[Span]) -> None:
    tx.run(ADD, child)
    depends_on = {"taskIdRanges": [{"start": first, "end": last} for first, last in spans]}
    blockers = dependencies.count_blockers(tx, job=1, child=child, depends_on=depends_on)
    tx.run("UPDATE tasks SET blockers = ? WHERE key = ?", blockers, child)


def is_free(tx: Transaction, child: int) -> bool:
    return tx.exists("SELECT 1 FROM tasks WHERE key = ? AND blockers = 0", child)


@given(st.lists(st.one_of(st.integers(0, 20), st.lists(SMALL, min_size=1, max_size=3)), max_size=40))
@settings(deadline=None, max_examples=100)
def test_task_is_free_exactly_when_each_integer_of_its_ranges_is_satisfied(
    connection: sqlite3.Connection, events: list[int | list[Span]]
) -> None:
    tx = Transaction(connection=connection, now=1)
    children: dict[int, set[int]] = {}
    satisfied: set[int] = set()
    connection.execute("BEGIN")
    try:
        for key, event in enumerate(events, 1):
            if isinstance(event, int):
                dependencies.satisfy(tx, job=1, parent=str(event))
                satisfied.add(event)
            else:
                add_child(tx, key, event)
                children[key] = {number for first, last in event for number in range(first, last + 1)}
            assert all(is_free(tx, child) == (numbers <= satisfied) for child, numbers in children.items())
    finally:
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("sliding", [False, True])
def test_work_of_tasks_that_depend_on_ranges_grows_hardly_faster_than_their_number(
    tmp_path: Path, sliding: bool
) -> None:
    work = []
    for count in (100, 400):
        connection = open_database(tmp_path / f"{count}.db")
        tx = Transaction(connection=connection, now=1)

        def run(tx: Transaction = tx, count: int = count) -> None:
            for child in range(1, count + 1):
                first = child if sliding else 1
                add_child(tx, child, [(first, first + count - 1)])
            for number in range(1, 2 * count + 1):
                dependencies.satisfy(tx, job=1, parent=str(number))

        connection.execute("BEGIN")
        work.append(steps(connection, run))
        assert all(is_free(tx, child) for child in range(1, count + 1))
        connection.execute("ROLLBACK")
    # Quadratic would be 16 times.
    assert work[1] < 8 * work[0]


@given(st.lists(SMALL.map(lambda span: (min(span), max(span)))))
def test_merged_ranges_have_the_same_integers_and_lie_apart(spans: list[Span]) -> None:
    def integers(some: list[Span]) -> set[int]:
        return {number for first, last in some for number in range(first, last + 1)}

    merged = dependencies.merged(spans)
    assert integers(merged) == integers(spans)
    assert all(later[0] > earlier[1] + 1 for earlier, later in itertools.pairwise(merged))


def test_ranges_of_a_task_that_overlap_cost_as_much_as_one(connection: sqlite3.Connection) -> None:
    transaction = Transaction(connection=connection, now=0)
    spans = [(first, 9_000) for first in range(1, 8_000)]
    assert steps(connection, lambda: add_child(transaction, 99_999, spans)) < 2_000
