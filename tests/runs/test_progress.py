from datetime import timedelta

import pytest

from shoal.runs.progress import Counts, Snapshot, line, rate, time_left


def history(*completed_at: tuple[float, int], total: int = 100) -> list[Snapshot]:
    return [
        Snapshot(
            at=at, counts=Counts(active=total - done - 4, running=4, succeeded=done - 1, failed=1), job_state="active"
        )
        for at, done in completed_at
    ]


def test_line_says_how_far_the_job_is() -> None:
    assert line(history((0, 10), (10, 60))) == "60 of 100 done, 4 running, 1 failed, 5.0/s, 0:00:08 left"


def test_line_says_nothing_of_rate_and_time_while_nothing_tells() -> None:
    assert line(history((0, 10))) == "10 of 100 done, 4 running, 1 failed"


def test_rate_is_that_of_the_last_half_minute() -> None:
    assert rate(history((0, 1), (100, 10), (120, 50))) == pytest.approx(2.0)


def test_time_left_is_unknown_while_nothing_completes() -> None:
    assert time_left(history((0, 10), (20, 10))) is None
    assert time_left(history((0, 10), (20, 20))) == timedelta(seconds=160)
