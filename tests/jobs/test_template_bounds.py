"""Templates that would take hours or gigabytes are refused in seconds, with file and line."""

import time
from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.templates import GLOBALS, Place

PLACE = Place(path=Path("job.yaml"), line=10)
LOOP = "{% for i in range(99999) %}"
NESTED = f"{LOOP}{LOOP}{LOOP}x{{% endfor %}}{{% endfor %}}{{% endfor %}}"
TREE = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}\n{{ m(60) }}"
RECURSIVE = "{% for i in range(9) recursive %}{{ loop(range(90000)) }}{% endfor %}"
LONG_LINES = "{% for i in range(99999) %}{{ 'x' * 100000 }}{% endfor %}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (NESTED, r"job\.yaml line 10: the template's loops and calls take more than 1,000,000 steps"),
        (TREE, r"job\.yaml line 1\d: the template's loops and calls take more than 1,000,000 steps"),
        (RECURSIVE, r"job\.yaml line 10: (the recursion of the template|the template's loops)"),
        (f"{{% set x %}}{NESTED}{{% endset %}}{{{{ x }}}}", "more than 1,000,000 steps"),
        (f"\n{NESTED.replace('%}', 'if i >= 0 %}', 3)}", r"line 11: .* more than 1,000,000 steps"),
        (LONG_LINES, "the text has more than 10,000,000 characters"),
        ("{{ 1 | string | center(999999999) }}", "the width is too large"),
        ("{{ '%999999999d' | format(1) }}", "the width is too large"),
        ("{{ ('x' * 99999) | replace('x', 'y' * 99999) }}", "the result is too long"),
        ("{{ [1] | batch(999999999, 1) | list }}", "the width is too large"),
        ("{{ ((10 ** 1000) ** 1000) ** 1000 }}", "the exponent is too large"),
    ],
)
def test_template_without_bounds_is_refused_soon(source: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match=message):
        templates.text(source, PLACE).render(GLOBALS)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for i in range(3) %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/3 2/3 3/3 "),
        ("{% for i in range(4) if i % 2 %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}", "1,3"),
        ("{% for i in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{% for x in [[1], 2] recursive %}{{ loop([x[0]]) if x is iterable else x }}{% endfor %}", "12"),
        ("{{ 'a-b-c' | replace('-', '+') }} {{ 'a-b-c' | replace('-', '+', 1) }}", "a+b+c a+b-c"),
        ("{{ '%03d' | format(7) }}{{ 'x' | center(3) }}|{{ [1] | tojson }}", "007 x |[1]"),
        ("{{ [1, 2, 3] | batch(2, 0) | list }}", "[[1, 2], [3, 0]]"),
    ],
)
def test_loops_and_filters_of_ordinary_size_work_as_in_jinja(source: str, text: str) -> None:
    assert templates.text(source, PLACE).render(GLOBALS) == text
