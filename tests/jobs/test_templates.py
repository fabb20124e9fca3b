from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.templates import GLOBALS, Place

PLACE = Place(path=Path("job.yaml"), line=10)


def test_undefined_name_is_told_with_file_line_and_what_is_near() -> None:
    template = templates.text("first\n{{ horzon }}", PLACE)
    with pytest.raises(BadInput, match=r"job\.yaml line 11: 'horzon' is undefined; .*did you mean horizon\?"):
        template.render({**GLOBALS, "horizon": 5})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ x", r"job\.yaml line 10: unexpected end of template"),
        ("a\nb\n{% if %}", r"job\.yaml line 12: "),
        ("{{ x / 0 }}", r"job\.yaml line 10: ZeroDivisionError"),
        ("{{ x.__class__ }}", r"job\.yaml line 10: templates may not do this: .*unsafe"),
        ("{{ x | nosuchfilter }}", r"job\.yaml line 10: No filter named 'nosuchfilter'"),
    ],
)
def test_template_that_cannot_be_rendered_is_bad_input(source: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        templates.text(source, PLACE).render({**GLOBALS, "x": 1})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ names }}", ["a", "b"]),
        ("{{ count * 2 }}", 6),
        ("{{ -count }}", -3),
        ("{{- count -}}", 3),
        ("n{{ count }}", "n3"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_string_that_is_one_expression_keeps_its_type(source: str, value: Any) -> None:
    assert templates.value(source, PLACE).evaluate({**GLOBALS, "names": ["a", "b"], "count": 3}) == value


def test_values_given_to_templates_cannot_be_changed_by_them() -> None:
    with pytest.raises(BadInput, match="unsafe"):
        templates.text("{{ names.append(1) }}", PLACE).render({**GLOBALS, "names": []})


def test_truth_is_written_as_yaml_writes_it() -> None:
    assert templates.text("{{ x }}", PLACE).render({**GLOBALS, "x": True}) == "true"


def test_expression_with_braces_is_refused() -> None:
    with pytest.raises(BadInput, match="line 10"):
        templates.expression("{{ x }} > 1", PLACE)
