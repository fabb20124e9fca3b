"""Conditional headers against the version of an entity.

Source: REST reference, "Specify conditional headers for Batch service operations".
"""

from collections.abc import Mapping

from shoal.local import errors, times

READS = ("GET", "HEAD")
ALLOWED_PAIRS = ({"if-none-match", "if-modified-since"}, {"if-match", "if-unmodified-since"})
HEADERS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def check(method: str, headers: Mapping[str, str], last_modified: int) -> None:
    """Raises BatchError: ConditionNotMet (304 or 412), MultipleConditionHeadersNotSupported, InvalidHeaderValue."""
    given = {name for name in HEADERS if headers.get(name)}
    if len(given) > 1 and given not in ALLOWED_PAIRS:
        raise errors.conditions_not_supported()
    tag = times.etag(last_modified)
    if expected := headers.get("if-match"):
        _require(_matches(expected, tag), 412)
    elif unwanted := headers.get("if-none-match"):
        _require(not _matches(unwanted, tag), 304 if method in READS else 412)
    elif headers.get("if-modified-since"):
        _require(_second(last_modified) > _moment(headers, "if-modified-since"), 304 if method in READS else 412)
    elif headers.get("if-unmodified-since"):
        _require(_second(last_modified) <= _moment(headers, "if-unmodified-since"), 412)


def _matches(condition: str, tag: str) -> bool:
    return condition == "*" or condition.removeprefix("W/").strip('"') == tag


def _moment(headers: Mapping[str, str], name: str) -> int:
    try:
        return times.moment_of(headers[name])
    except ValueError as exc:
        raise errors.invalid_header(name, headers[name], str(exc)) from None


def _second(moment: int) -> int:
    """HTTP dates know no fraction."""
    return moment // times.SECOND * times.SECOND


def _require(met: bool, status: int) -> None:
    if not met:
        raise errors.condition_not_met(status)
