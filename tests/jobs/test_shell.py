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


def shown(command: str) -> str:
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("A=abc; B=x; echo ${#A} mid ${B#}", "3 mid x"),
        ("A=abc; echo ${#A} {{ v }} ${A#a}", "3 v bc"),
        ('A=(1 2); echo "${#A[@]}-${#A}" # ${A#}', "2-1"),
        ("A=a.txt; echo ${A%.txt} ${A%%.*} {# a comment #}b", "a a b"),
        ("echo '{#}' {{ v }}", "{#} v"),
        ("echo '{' | awk '{n += 1} END {if (n) {print n%2}}'", "1"),
        ("echo '{{ '{{' }}.Names}}' {{ '{%' }}", "{{.Names}} {%"),
        ("echo '{% raw %}{#a#} {{ v }}{% endraw %}'", "{#a#} {{ v }}"),
    ],
)
def test_braces_of_the_shell_are_no_comments(source: str, printed: str) -> None:
    assert shown(rendered(source, v="v")) == printed


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\necho {#c#} b", r"line 2: '\{#c' … '#\}' may be meant as a comment"),
        ("a {#- {{ v }} -#} b", "begins with {# and a space"),
        ("parallel echo {#} ::: '#}'", "write {{ '{#' }} for the characters"),
        ("a {# - c #}", "a comment cannot begin with {# -"),
        ("a {# b", "Missing end of comment tag; write {{ '{#' }}"),
        ("stat -c '{%s}'", "unknown tag 's'; write {{ '{%' }}"),
        ("curl -w '{%{http_code}'", "tag name expected; write {{ '{%' }}"),
        ("docker ps --format '{{.Names}}'", "unexpected '.'; write {{ '{{' }}"),
        ("printf 'a\r\n'", r"a carriage return, which Jinja drops; write {{ '\\r' }}"),
    ],
)
def test_text_that_a_template_would_drop_is_refused(source: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rendered(source, v="x")


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


HOSTILE = [
    "$(touch OWNED)",
    "`touch OWNED`",
    "';touch OWNED;'",
    '";touch OWNED;"',
    "a[$(touch OWNED)]",
    "x;touch OWNED",
    "|touch OWNED",
    "&touch OWNED",
    "x\n1\ntouch OWNED\n",
    "x) touch OWNED;; y",
]
EVALUATED_AGAIN = [
    "sh -c '{{ v }}'",
    'bash -c "echo {{ v }}"',
    "sh -c {{ v }}",
    "/bin/sh -ec 'echo {{ v }}'",
    "sh -o noglob -c -- 'echo {{ v }}'",
    "env A=b timeout 5 sh -c 'echo {{ v }}'",
    "echo a | xargs sh -c 'echo {{ v }}'",
    "find . -maxdepth 0 -exec sh -c 'echo {{ v }}' \\;",
    "if true; then exec sh -c 'echo {{ v }}'; fi",
    "x=sh; $x -c 'echo {{ v }}'",
    "\\sh -c '{{ v }}'",
    "s''h -c '{{ v }}'",
    "sh -c \"echo $(echo '{{ v }}')\"",
    "eval {{ v }}",
    'eval "echo {{ v }}"',
    "trap 'echo {{ v }}' EXIT",
    "echo 'echo {{ v }}' | sh",
    "echo {{ v }} | tr a b | /bin/sh -e",
    "bash -s <<< {{ v }}",
    "ssh -p 22 host {{ v }}",
    "su root -c 'echo {{ v }}'",
    "echo $(( {{ v }} + 1 ))",
    "echo $(( (1 + {{ v }}) * 2 ))",
    "cat <<1\n{{ v }}\n1\n",
    "cat <<9E\n{{ v }}\n9E\n",
    "cat << '.'\n{{ v }}\n.\n",
    "cat <<-$x\n{{ v }}\n$x\n",
]
SAFE = [
    "sh -c 'printf %s \"$1\"' sh {{ v }}",
    "V={{ v }} sh -c 'printf %s \"$V\"'",
    "sh -c 'true' {{ v }}; printf %s {{ v }}",
    "printf %s 'sh -c' {{ v }}",
    "echo $((1 << 2)); printf %s {{ v }}",
    "printf %s $(printf %s {{ v }})",
    "printf a | sh -c 'cat; printf %s \"$1\"' sh {{ v }}",
    'case {{ v }} in a) true;; esac; printf %s "{{ v }}"',
    'x=$(case a in a) printf %s {{ v }};; esac); printf %s "$x"',
    "if [ {{ v }} = a ]; then true; fi; grep -c {{ v }} < /dev/null || true",
]


@pytest.mark.parametrize("source", EVALUATED_AGAIN)
@pytest.mark.parametrize("value", HOSTILE)
def test_value_that_a_second_shell_would_evaluate_is_refused(source: str, value: str) -> None:
    with pytest.raises(BadInput, match=r"stands in|here-document"):
        rendered(source, v=value)


@pytest.mark.parametrize("source", SAFE)
@pytest.mark.parametrize("value", HOSTILE)
def test_value_that_only_the_first_shell_sees_is_never_evaluated(source: str, value: str, tmp_path: Path) -> None:
    subprocess.run(["/bin/sh", "-c", rendered(source, v=value)], cwd=tmp_path, capture_output=True, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "value", "printed"),
    [
        ("sh -c 'echo {{ v }}'", 7, "7"),
        ("sh -c 'echo {{ v }}'", "data/a-b.txt", "data/a-b.txt"),
        ("sh -c 'echo {{ v | shell }}'", "$((1 + 1))", "2"),
        ("echo $(({{ v }} * {{ v }}))", 12, "144"),
        ("echo $((({{ v }} + 1) * 2)) '{{ v }}'", -3, "-4 -3"),
    ],
)
def test_harmless_value_may_stand_in_a_second_shell(source: str, value: object, printed: str) -> None:
    done = subprocess.run(["/bin/sh", "-c", rendered(source, v=value)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{printed}\n"


def test_refused_value_is_told_with_the_safe_form() -> None:
    with pytest.raises(BadInput) as refusal:
        rendered("true\nbash -c 'work {{ v }}'", v="a b")
    assert str(refusal.value) == (
        "job.yaml line 2: the value 'a b' stands in a script of bash -c, which is evaluated again without the quotes "
        "of the first shell; pass it as an argument, as in sh -c 'work \"$1\"' sh {{ value }}, or as a variable, as in "
        "V={{ value }} sh -c 'work \"$V\"'"
    )
    with pytest.raises(BadInput, match=r"takes integers only .* compute it in the template"):
        rendered("echo $(({{ v }}))", v="010")
    with pytest.raises(BadInput, match="a case stands in"):
        rendered("echo \"$(case a in a) echo '{{ v }}';; esac)\"", v="x")
