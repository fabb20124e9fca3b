import pytest

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
    assert blocked(waiting, failed) == lost
