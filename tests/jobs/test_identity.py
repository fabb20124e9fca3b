import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shoal.jobs.sweep.identity import task_id

VALUES = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.text(max_size=80), st.booleans())
POINTS = st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, max_size=6)


def test_id_is_readable_and_is_this_one_for_ever() -> None:
    assert task_id("simulate", {"ticker": "AAPL", "horizon": 5}) == "simulate-5-AAPL-rnreqfmwuget"


@given(POINTS)
def test_id_is_what_batch_allows(point: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", task_id("a-stage-of-thirty-two-characters", point))


@given(POINTS, st.randoms())
def test_order_of_axes_does_not_matter(point: dict[str, Any], random: Any) -> None:
    names = list(point)
    random.shuffle(names)
    assert task_id("s", {name: point[name] for name in names}) == task_id("s", point)


def test_points_that_differ_in_type_or_case_only_have_different_ids_whatever_their_case() -> None:
    points: list[dict[str, Any]] = [{"x": 1}, {"x": 1.0}, {"x": "1"}, {"x": True}, {"x": "a"}, {"x": "A"}]
    assert len({task_id("s", point).lower() for point in points}) == len(points)
