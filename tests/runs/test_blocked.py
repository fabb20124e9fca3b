import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.runs.blocked import blocked


@pytest.mark.parametrize(
    ("waiting", "failed", "lost"),
    [
        ({"merge": ["a", "b"]}, {"a"}, {"merge"}),
        ({"merge": ["a", "b"]}, set(), set()),
        ({"barrier": ["a"], "b-1": ["barrier"], "b-2": ["barrier"]}, {"a"}, {"barrier", "b-1", "b-2"}),
        ({"free": [], "merge": ["a"]}, {"a"}, {"merge"}),
    ],
)
def test_tasks_behind_a_failed_one_are_lost_however_far(
    waiting: dict[str, list[str]], failed: set[str], lost: set[str]
) -> None:
    assert blocked(waiting, dict.fromkeys(failed, False), exact=False) == lost


@pytest.mark.parametrize(
    ("waiting", "ended", "lost"),
    [
        ({"merge": [range(1, 4)]}, {"1": True, "2": True, "3": True}, set()),
        ({"merge": [range(1, 4)]}, {"1": True, "2": False, "3": True}, {"merge"}),
        ({"merge": [range(1, 4)]}, {"1": True, "3": True}, {"merge"}),
        ({"merge": [range(1, 3)]}, {"1": True, "2": False, "02": True}, set()),
        ({"merge": [range(1, 3)]}, {"1": True, "2flamingos": True}, {"merge"}),
        ({"merge": [range(1, 3)], "2": []}, {"1": True}, set()),
        ({"merge": [range(1, 3)], "2": ["a"]}, {"1": True, "a": False}, {"2", "merge"}),
        ({"merge": [range(1, 3)], "2": ["a"]}, {"1": True, "a": False, "002": True}, {"2"}),
        ({"merge": [range(1, 3)], "2": ["a"], "02": ["a"]}, {"1": True, "a": False}, {"2", "02", "merge"}),
        ({"merge": [range(1, 2**31)]}, {"1": True}, {"merge"}),
        ({"merge": ["a", "b"]}, {"a": True, "b": True}, set()),
        ({"merge": ["a", "gone"], "last": ["merge"]}, {"a": True}, {"merge", "last"}),
        ({"merge": ["a"], "a": []}, {"a": False}, set()),
        ({"a": ["b"], "b": ["a"]}, {}, set()),
    ],
)
def test_every_integer_of_a_range_needs_a_task_that_satisfies_it(
    waiting: dict[str, list[str | range]], ended: dict[str, bool], lost: set[str]
) -> None:
    assert blocked(waiting, ended, exact=True) == lost


def test_range_is_taken_as_satisfied_while_successes_are_not_known() -> None:
    assert blocked({"merge": [range(1, 3)]}, {"2": False}, exact=False) == set()


IDS = [*"abc", "1", "2", "02", "3"]
PARENTS = st.lists(st.sampled_from([*IDS, "gone", range(1, 3), range(2, 4), range(1, 4)]), max_size=3)


@given(
    waiting=st.dictionaries(st.sampled_from(IDS), PARENTS), ended=st.dictionaries(st.sampled_from(IDS), st.booleans())
)
def test_lost_tasks_are_those_that_rounds_over_all_tasks_find(
    waiting: dict[str, list[str | range]], ended: dict[str, bool]
) -> None:
    hopeful = set(waiting)

    def may_run(task: str) -> bool:
        usable = hopeful | {other for other, satisfies in ended.items() if satisfies and other not in waiting}
        numbers = {int(other) for other in usable if other.isdigit()}
        return all(
            numbers.issuperset(parent) if isinstance(parent, range) else parent in usable for parent in waiting[task]
        )

    while lost := {task for task in hopeful if not may_run(task)}:
        hopeful -= lost
    assert blocked(waiting, ended, exact=True) == set(waiting) - hopeful
