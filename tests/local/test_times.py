import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.local import times

NOON = round(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()) * times.SECOND


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("PT15M", 15 * times.MINUTE),
        ("PT01H00M03S", 3603 * times.SECOND),
        ("P1DT02H00M03.5S", times.DAY + 2 * times.HOUR + 3_500_000),
        ("P7D", 7 * times.DAY),
        ("P2W", 14 * times.DAY),
        ("P3Y6M4DT12H30M5S", 1279 * times.DAY + 12 * times.HOUR + 30 * times.MINUTE + 5 * times.SECOND),
        ("PT0S", 0),
        ("PT0.000001S", 1),
        (times.UNLIMITED, times.LONGEST),
        pytest.param("P10675199DT02H48M05.477539S", times.LONGEST, id="as the official client sends it back"),
    ],
)
def test_duration_is_read(text: str, micros: int) -> None:
    assert times.duration(text) == micros


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1D", "PT1", "-PT1S", "PT1.S", "PT١S", "p1d", " PT1S", "P1D "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 duration"):
        times.duration(text)


@pytest.mark.parametrize("text", ["P10675200D", "PT999999999999M", "P999999999999Y"])
def test_duration_beyond_batchs_longest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the longest"):
        times.duration(text)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "PT0S"),
        (15 * times.MINUTE, "PT15M"),
        (times.DAY, "P1D"),
        (times.DAY + 5 * times.SECOND, "P1DT5S"),
        (3603 * times.SECOND + 500_000, "PT1H3.5S"),
        (1, "PT0.000001S"),
        (times.LONGEST, times.UNLIMITED),
    ],
)
def test_duration_is_written_as_dotnet_does(micros: int, text: str) -> None:
    assert times.iso_duration(micros) == text


@given(st.integers(0, times.LONGEST))
def test_duration_that_was_written_is_read_as_it_was(micros: int) -> None:
    assert times.duration(times.iso_duration(micros)) == micros


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-01-31T12:00:00Z"),
        (NOON + 250_000, "2026-01-31T12:00:00.25Z"),
        (NOON + 1, "2026-01-31T12:00:00.000001Z"),
    ],
)
def test_moment_is_written_with_as_many_digits_as_it_needs(moment: int, text: str) -> None:
    assert times.iso(moment) == text
    assert times.moment_of(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00.0000000Z",
        "2026-01-31T13:00:00+01:00",
        "Sat, 31 Jan 2026 12:00:00 GMT",
    ],
)
def test_moment_is_read_in_each_of_the_forms_that_clients_send(text: str) -> None:
    assert times.moment_of(text) == NOON


def test_etag_is_dotnet_ticks_and_the_date_header_has_no_fraction() -> None:
    ticks = (datetime(2026, 1, 31, 12) - datetime(1, 1, 1)).days * 864_000_000_000 + 12 * 36_000_000_000
    assert times.etag(NOON) == f"0x{ticks:X}"
    assert times.etag(NOON + 1) == f"0x{ticks + 10:X}"
    assert times.http_date(NOON + 999_999) == "Sat, 31 Jan 2026 12:00:00 GMT"


@given(st.text() | st.from_regex(r"P[0-9A-Z.]*", fullmatch=True) | st.datetimes().map(str))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    for read in (times.duration, times.moment_of):
        with contextlib.suppress(ValueError):
            assert isinstance(read(text), int)
