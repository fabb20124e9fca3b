"""Tasks done over time beside the forecast: lines over common times."""

from datetime import UTC, datetime, timedelta

from shoal.ui.done_lines import MOST, done_lines, moments_of_ends, thinned

BEGAN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def test_lines_have_common_times_and_the_known_one_ends_where_the_forecast_goes_on() -> None:
    lines = done_lines(BEGAN, [(after(5), 1), (after(15), 3)], [(0.0, 0), (10.0, 4), (20.0, 8)])
    assert [(at - BEGAN.timestamp() * 1000) / 1000 for at in lines.times] == [0, 5, 10, 15, 20]
    assert (lines.done, lines.expected) == ([0, 1, 1, 3], [0, 0, 4, 4, 8])


def test_job_that_takes_longer_than_its_forecast_keeps_the_forecast_at_its_end() -> None:
    lines = done_lines(BEGAN, [(after(30), 8)], [(0.0, 0), (20.0, 8)])
    assert (lines.done, lines.expected) == ([0, 0, 8], [0, 8, 8])


def test_job_without_a_forecast_has_one_line() -> None:
    lines = done_lines(BEGAN, moments_of_ends([after(2), after(1)]), [])
    assert (lines.done, lines.expected) == ([0, 1, 2], [])


def test_long_line_keeps_some_of_its_moments_and_the_last() -> None:
    moments = [(after(number), number) for number in range(5 * MOST + 3)]
    kept = thinned(moments)
    assert len(kept) <= MOST
    assert kept[-1] == moments[-1]
    assert thinned(moments[:MOST]) == moments[:MOST]
