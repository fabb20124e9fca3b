from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import bound, one_stage

MACROS = """\
{% macro label(name, size) %}{{ name | upper }}-{{ "%03d" % size }}{% endmacro %}
{% macro half(n) %}
{{ n / zero }}{% endmacro %}
"""
STAGE = (
    "command: echo {{ label(w, 7) }}\nfor_each: {product: {w: [a, 'b c; rm x']}}\nenvironment: {L: '{{ label(w, 8) }}'}"
)


def command_lines(folder: Path, stage: str, macros: str = MACROS, key: str = "macros: m.j2") -> list[str]:
    (folder / "m.j2").write_text(macros)
    plan = make_plan(bound(folder, f"{key}\n{one_stage(stage, parameters='{p: {default: x}}')}"))
    return [task["commandLine"] for task in plan.stages[0].first]


def test_text_of_a_macro_is_one_quoted_word_of_a_command(tmp_path: Path) -> None:
    assert command_lines(tmp_path, STAGE) == [
        "/bin/sh -c 'echo A-007'",
        "/bin/sh -c 'echo '\"'\"'B C; RM X-007'\"'\"''",
    ]


@pytest.mark.parametrize(
    ("stage", "macros", "key", "message"),
    [
        (STAGE, "{% macro x(", "macros: m.j2", r"m\.j2 line 1: "),
        (STAGE, "\n{% macro label() %}{% endmacro", "macros: m.j2", r"m\.j2 line 2: "),
        (
            STAGE,
            "{% macro p() %}{% endmacro %}",
            "macros: m.j2",
            "line 1: m.j2: the macro 'p' has the name of a parameter",
        ),
        (STAGE, MACROS, "macros: [none.j2]", r"line 1: there is no file .*none\.j2"),
        (
            STAGE,
            MACROS,
            "macros: {a: b}",
            "line 1: macros is wrong: it must be a list|line 1: macros is a mapping; it must be a list",
        ),
        (
            "command: echo\nenvironment:\n  X: '{{ half(1) }}'",
            MACROS,
            "macros: m.j2",
            r"job\.yaml line 8: 'zero' is undefined",
        ),
        ("command: echo {{ lable(1) }}", MACROS, "macros: m.j2", r"'lable' is undefined; .*did you mean label\?"),
        ("command: x\nfor_each: {product: {label: [1]}}", MACROS, "macros: m.j2", "the axis 'label' has the name of"),
        (STAGE, "{% include '/etc/passwd' %}", "macros: m.j2", r"m\.j2 line 1: "),
        (STAGE, "{#- a comment -#}\n${#A} {#}", "macros: m.j2", r"m\.j2 line 2: {# begins a comment here"),
    ],
)
def test_mistake_in_or_around_a_macro_is_told(tmp_path: Path, stage: str, macros: str, key: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        command_lines(tmp_path, stage, macros, key)


LOOPS = "{% for a in range(10000) %}" * 3 + "x" + "{% endfor %}" * 3


@pytest.mark.parametrize(
    "macros",
    [
        f"{{% macro label(name, size) %}}{LOOPS}{{% endmacro %}}",
        "{% macro label(name, size) %}{% for a in range(90000) %}" + "x" * 1000 + "{% endfor %}{% endmacro %}",
        f"{LOOPS}{{% macro label(name, size) %}}{{% endmacro %}}",
        "{% macro label(name, size) %}{{ label(name, size) }}{% endmacro %}",
    ],
)
def test_macro_without_bounds_is_refused_at_once(macros: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"steps|recursion"):
        command_lines(tmp_path, STAGE, macros)


def test_steps_of_a_macro_count_anew_for_each_task(tmp_path: Path) -> None:
    macros = "{% macro label(name, size) %}{% for a in range(90000) %}{% endfor %}{{ name }}{% endmacro %}"
    stage = "command: echo {{ label(w, 7) }}\nfor_each: {product: {w: {range: [1, 15]}}}"
    assert len(command_lines(tmp_path, stage, macros)) == 3
