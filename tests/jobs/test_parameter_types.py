from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import bound, job_file, one_stage


def one_parameter(declaration: str, command: str = "echo {{ x }}") -> str:
    return one_stage(f"command: {command!r}", parameters=f"{{x: {declaration}}}")


@pytest.mark.parametrize(
    ("declaration", "given", "value"),
    [
        ("{type: date}", "2026-01-31", "2026-01-31"),
        ("{type: date, default: 2026-01-31}", None, "2026-01-31"),
        ("{type: date, min: 2026-01-01, max: '2026-01-31'}", "2026-01-31", "2026-01-31"),
        ("{type: choice, choices: [1, fast, true]}", "1", 1),
        ("{type: choice, choices: [1, fast, true]}", "true", True),
        ("{type: choice, choices: [1, fast], default: fast}", None, "fast"),
        ("{type: path}", "data/a.csv", "data/a.csv"),
        ("{type: path, default: data}", None, "data"),
    ],
)
def test_parameter_of_a_type_has_this_value(tmp_path: Path, declaration: str, given: str | None, value: Any) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("12345")
    found = job_file(tmp_path, one_parameter(declaration), **({} if given is None else {"x": given})).names["x"]
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("declaration", "given", "message"),
    [
        ("{type: date}", "tomorrow", "'x' must be of type date, such as 2026-01-31; found 'tomorrow'"),
        ("{type: date, default: 2026-02-30}", None, "'x' must be of type date, such as 2026-01-31; found '2026-02-30'"),
        ("{type: date, default: 5}", None, "'x' must be of type date; found 5"),
        ("{type: date, min: 2026-01-01}", "2025-12-31", "'x' is '2025-12-31'; it must be at least 2026-01-01"),
        ("{type: date, max: 2026-01-01}", "2026-01-02", "'x' is '2026-01-02'; it must be at most 2026-01-01"),
        ("{type: date, min: 5}", None, "parameters.x is wrong: min and max must be dates for a date, and else numbers"),
        ("{type: int, max: 2026-01-01}", None, "min and max must be dates for a date, and else numbers"),
        ("{type: int, max: many}", None, r"max is many; it must be a number, or a date such as 2026-01-31"),
        ("{type: choice}", None, "parameters.x is a mapping; it must have choices, as its type is choice"),
        ("{type: choice, choices: [1, fast]}", "2", "'x' is '2'; it must be one of 1, fast"),
        ("{type: path}", "none.csv", "'x' is 'none.csv', which cannot be read: .*No such file"),
    ],
)
def test_value_that_does_not_fit_its_type_is_refused(
    tmp_path: Path, declaration: str, given: str | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        job_file(tmp_path, one_parameter(declaration), **({} if given is None else {"x": given}))


def test_templates_see_the_parts_of_dates_and_paths(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("12345")
    parts = "{{ d.year }} {{ d.month }} {{ d.day }} {{ d.weekday }} {{ d.plus(days=-31) }} {{ p.stem }} {{ p.size }}"
    text = one_stage(f"command: 'echo {parts}'", parameters="{d: {type: date}, p: {type: path, default: p.csv}}")
    task = make_plan(bound(tmp_path, text, d="2026-01-31")).stages[0].first[0]
    assert task["commandLine"] == "/bin/sh -c 'echo 2026 1 31 6 2025-12-31 p 5'"


def test_date_and_path_can_be_values_of_axes(tmp_path: Path) -> None:
    text = one_stage(
        "command: x\nfor_each: {product: {day: ['{{ d }}', '{{ d.plus(1) }}']}}", parameters="{d: {type: date}}"
    )
    assert make_plan(bound(tmp_path, text, d="2026-01-31")).stages[0].tasks == 2
