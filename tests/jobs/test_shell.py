import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.templates import GLOBALS, Place

PLACE = Place(path=Path("job.yaml"), line=1)
VALUE = 'it\'s a "$HOME" `id` \\ $(id); *'


def rendered(source: str, **names: object) -> str:
    return templates.command(source, PLACE).render({**GLOBALS, **names})


def words(command: str) -> list[str]:
    """The arguments that a real shell makes of `printf`'s."""
    script = command.replace("ARGUMENTS", "printf '%s\\0'")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "source",
    [
        "ARGUMENTS {{ v }}",
        "ARGUMENTS '{{ v }}'",
        'ARGUMENTS "{{ v }}"',
        "ARGUMENTS ''{{ v }}\"\"",
        "# don't\nARGUMENTS {{ v }}",
        "ARGUMENTS \"$(printf %s '{{ v }}')\"",
        'ARGUMENTS "$(printf %s {{ v }})"',
        'x=${y:-"it\'s"}; ARGUMENTS {{ v }}',
        "(true); ARGUMENTS {{ v }}",
        "x=${y:- #'\n'}; ARGUMENTS {{ v }}",
        "true a\\\n#'\n'; ARGUMENTS {{ v }}",
        "true \\ #'\n'; ARGUMENTS {{ v }}",
        "true a{# a comment of Jinja's #}#'\n'; ARGUMENTS {{ v }}",
        "true $$#'\n'; ARGUMENTS {{ v }}",
        "{% for x in [1, 2] %}# don't\ntrue\n{% endfor %}ARGUMENTS {{ v }}",
    ],
)
def test_value_stays_one_word_wherever_it_lands(source: str) -> None:
    assert words(rendered(source, v=VALUE)) == [VALUE]


@pytest.mark.parametrize(("x", "first"), [("a", "a#\n"), ("a b", "a b#\n"), ("", "#\n"), ([], "#\n")])
def test_hash_after_a_value_belongs_to_its_word(x: object, first: str) -> None:
    assert words(rendered("ARGUMENTS {{ x }}#'\n{{ v }}'", x=x, v=VALUE)) == [first + VALUE]


def test_hash_after_text_marked_as_shell_belongs_to_its_word() -> None:
    assert words(rendered("ARGUMENTS {{ x | shell }}#'\n{{ v }}'", x="a", v=VALUE)) == ["a#\n" + VALUE]


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_no_value_is_read_as_shell(value: str) -> None:
    line = rendered("ARGUMENTS {{ v }} '{{ v }}' \"{{ v }}\"", v=value)
    assert words(line) == [value, value, value]


def test_list_becomes_several_words() -> None:
    assert words(rendered("ARGUMENTS {{ v }}", v=["a b", 3, True])) == ["a b", "3", "true"]


def test_text_marked_as_shell_is_inserted_as_it_is() -> None:
    assert words(rendered("ARGUMENTS {{ v | shell }}", v="a 'b c'")) == ["a", "b c"]


def test_loops_and_conditions_are_followed() -> None:
    source = "ARGUMENTS {% for x in v %}'{{ x }}' {% endfor %}{% if v %}yes{% else %}no{% endif %}"
    assert words(rendered(source, v=["a b", "c"])) == ["a b", "c", "yes"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n{% if v %}'{% endif %} b", r"line 2: quotes that open inside"),
        ("echo '{{ v }}", "the command opens ' and does not close it"),
        ("cat <<EOF\n{{ v }}\nEOF", "here-document"),
        ("true # {{ v }}", "a value stands in a comment"),
        ("echo `ls {{ v }}`", "a value stands between backticks"),
        ("echo ${{ v }}", r"a \$ stands right before a value"),
        ('echo "${{ v }}"', r"a \$ stands right before a value"),
        ("echo a{% if v %} {% endif %}#'\n{{ v }}'", "a # after a value or a block may begin a comment"),
        ("echo a{% for x in v %}#'\n{{ x }}' {% endfor %}", "line 1: a # after a value or a block"),
        ("(true)#'\n{{ v }}'", r"a # after \) may begin a comment"),
        ("echo \\{{ v }}", "a backslash stands before a value"),
        ("{% macro m() %}{% endmacro %}", "macro is not available"),
    ],
)
def test_spot_where_quoting_is_unclear_is_refused(source: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rendered(source, v="x")
