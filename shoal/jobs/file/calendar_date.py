"""Dates as templates see them: plain text such as 2026-01-31 that knows its parts."""

from datetime import date, timedelta


class CalendarDate(str):
    """A day in ISO's form. In a point, and in JSON, it is plain text; as text it sorts by time."""

    __slots__ = ()

    def __new__(cls, text: str) -> "CalendarDate":
        """Raises ValueError for text that is no date."""
        return super().__new__(cls, date.fromisoformat(text).isoformat())

    @property
    def year(self) -> int:
        return self._date.year

    @property
    def month(self) -> int:
        return self._date.month

    @property
    def day(self) -> int:
        return self._date.day

    @property
    def weekday(self) -> int:
        """The day of the week, from 1 for Monday to 7."""
        return self._date.isoweekday()

    def plus(self, days: int) -> "CalendarDate":
        """Return the date that many days later, or earlier if below 0."""
        return CalendarDate((self._date + timedelta(days=days)).isoformat())

    @property
    def _date(self) -> date:
        return date.fromisoformat(self)
