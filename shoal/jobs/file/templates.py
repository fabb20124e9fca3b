"""Strings of a job file as templates: sandboxed, strict about names, with errors that have file and line.

A template is compiled once and rendered for each task. The names that it sees come as one mapping, which must hold
`GLOBALS` too. A comment begins with `{#` and a space: `${#NAME}` is the shell's length of a variable.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Macro
from jinja2.utils import concat

from shoal.jobs.file import shell
from shoal.jobs.file.mistakes import Mistake, Mistakes
from shoal.jobs.file.second_shells import UnsafeValue
from shoal.jobs.file.template_bounds import FILTERS, BoundedEnvironment, bounded_text, count_loops
from shoal.suggestion import suggestion

Names = Mapping[str, Any]

COMMENT = "{# "
"""Begins a comment of a template, which `{#` alone does not."""
_JINJA_COMMENT = re.compile(r"(?<!\$)\{#.*?#\}", re.DOTALL)
_LITERAL_BRACES = "write {{ '%s' }} for the characters themselves"


class _UnsettledName(UndefinedError):
    """A template uses a parameter whose value has a mistake."""


def unsettled(name: str) -> StrictUndefined:
    """Stand for the value of a parameter that has a mistake, so that the templates that use it add none."""
    return StrictUndefined(name=name, exc=_UnsettledName)


def _text_of(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _environment() -> BoundedEnvironment:
    # By itself, Jinja prints True for YAML's true, and drops the last line end of a text.
    environment = BoundedEnvironment(
        undefined=StrictUndefined, finalize=_text_of, keep_trailing_newline=True, comment_start_string=COMMENT
    )
    # Every global is a name that no axis can have; of Jinja's own, only this one helps in a job file.
    environment.globals = {"range": environment.globals["range"]}
    environment.filters |= FILTERS | shell.FILTERS
    return environment


_ENVIRONMENT = _environment()
_OF_MACRO_FILES = _ENVIRONMENT.overlay(comment_start_string="{#")
"""Parses files of macros, which are whole templates of Jinja and no commands."""
GLOBALS: Names = _ENVIRONMENT.globals


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place in the job file where a string begins."""

    path: Path
    line: int

    def mistake(self, sentence: str, *, line_of_text: int = 1) -> Mistakes:
        line = self.line + line_of_text - 1
        return Mistakes([Mistake(line=line, message=f"{self.path} line {line}: {sentence}")])


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTemplate:
    """A template whose rendering is text."""

    constant: str | None
    """The rendered text, where nothing in it varies."""
    render: Callable[[Names], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A template whose rendering is a value: a number, a list, true or false."""

    evaluate: Callable[[Names], Any]


def text(source: str, place: Place) -> TextTemplate:
    return _text(_parse(source, place), place)


def command(source: str, place: Place) -> TextTemplate:
    """A line for the shell: every value is quoted for the spot where it lands."""
    if len(source) > shell.MAX_ARGUMENT:  # before it is followed character by character
        raise place.mistake(
            f"the command has {len(source):,} characters, and Linux takes {shell.MAX_ARGUMENT:,} bytes; "
            "put it into a script that is an input"
        )
    tree = _parse(source, place)
    try:
        shell.quote_values(tree)
    except shell.UnclearQuoting as exc:
        raise place.mistake(str(exc), line_of_text=exc.line) from exc
    return _text(tree, place)


def expression(source: str, place: Place) -> Expression:
    """An expression without braces, as in `where`."""
    match _parse(f"{{{{ {source} }}}}", place).body:  # without the spaces, -a would begin with {{-
        case [nodes.Output(nodes=[nodes.Expr() as node])]:
            return _expression(node, place)
        case _:
            raise place.mistake(f"'{source}' is not an expression; write it without braces")


def value(source: str, place: Place) -> Expression:
    """A string that is one `{{ expression }}` keeps the expression's type; any other string renders to text."""
    tree = _parse(source, place)
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as node])] if not isinstance(node, nodes.TemplateData):
            return _expression(node, place)
        case _:
            return Expression(evaluate=_text(tree, place).render)


def macros(source: str, path: Path) -> Names:
    """Return the macros of a file by name. Its templates see their arguments and the globals only."""
    _refuse_lengths(source, path)
    try:
        tree = _OF_MACRO_FILES.parse(source, name=str(path))
        count_loops(tree)
        code = _ENVIRONMENT.compile(tree, name=str(path))
        _ENVIRONMENT.steps = 0
        module = Template.from_code(_ENVIRONMENT, code, {**GLOBALS}).module
    except TemplateSyntaxError as exc:
        raise Place(path=path, line=1).mistake(str(exc.message), line_of_text=exc.lineno) from exc
    except Exception as exc:
        raise Place(path=path, line=1).mistake(_reason(exc)) from exc
    return {name: value for name, value in vars(module).items() if isinstance(value, Macro)}


def _expression(node: nodes.Expr, place: Place) -> Expression:
    # As Jinja's compile_expression does, whose result would copy all names at each call.
    result = nodes.Assign(nodes.Name("result", "store", lineno=1), node, lineno=1)
    template = _compiled(nodes.Template([result], lineno=1), place)
    root = template.root_render_func

    def evaluate(names: Names) -> Any:
        context = _context(names)
        try:
            # A template is a generator; this one yields no text, but assigns the result on its way.
            for _ in root(context):
                pass
            return _defined(context.vars["result"])
        except Exception as exc:
            raise _mistake(exc, names, place) from exc

    return Expression(evaluate=evaluate)


def _parse(source: str, place: Place) -> nodes.Template:
    try:
        _refuse_lost_text(source, place)
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as exc:
        message, hint = exc.message or "", _braces_hint(exc, source)
        raise place.mistake(message.rstrip(".") + hint if hint else message, line_of_text=exc.lineno) from exc
    except RecursionError as exc:
        raise place.mistake("the template is nested too deeply") from exc


def _refuse_lost_text(source: str, place: Place) -> None:
    """Refuse text that Jinja would drop or change without a word."""
    if "\r" in source:
        raise place.mistake("a template cannot hold a carriage return, which Jinja drops; write {{ '\\r' }}")
    if "{#" not in source:
        return
    # Text between {% raw %} and {% endraw %} is literal. A value stands for nothing here but itself.
    literal, in_raw = "", False
    for line, token, value in _ENVIRONMENT.lex(source):
        in_raw = token == "raw_begin" or (in_raw and token != "raw_end")
        if token == "comment_begin" and value != COMMENT:
            raise place.mistake("a comment cannot begin with {# -; leave the hyphen out", line_of_text=line)
        if token == "data" and not in_raw:
            literal += value
    if match := _JINJA_COMMENT.search(literal):
        line = source.count("\n", 0, max(source.find(match[0][:3]), 0)) + 1
        raise place.mistake(
            f"'{match[0][:3]}' … '#}}' may be meant as a comment, which begins with {{# and a space; if it is not, "
            + _LITERAL_BRACES % "{#",
            line_of_text=line,
        )


def _refuse_lengths(source: str, path: Path) -> None:
    """Refuse the shell's `${#NAME}` in a file of macros, where it would begin a comment."""
    if "${#" in source:
        line = source.count("\n", 0, source.index("${#")) + 1
        raise Place(path=path, line=line).mistake("{# begins a comment here; write ${{ '{#' }} for the characters")


def _braces_hint(exc: TemplateSyntaxError, source: str) -> str:
    """Return the way to write braces that are no template's, where the mistake looks like some."""
    message = str(exc.message)
    if "unknown tag" in message or "tag name expected" in message:
        return f"; {_LITERAL_BRACES % '{%'}"
    if "end of comment" in message:
        return f"; {_LITERAL_BRACES % '{#'}"
    return f"; {_LITERAL_BRACES % '{{'}" if re.search(r"\{\{-?\s*[.$]", source) else ""


def _text(tree: nodes.Template, place: Place) -> TextTemplate:
    match tree.body:
        case []:
            return TextTemplate(constant="", render=lambda _: "")
        case [nodes.Output(nodes=[nodes.TemplateData(data=data)])]:
            return TextTemplate(constant=data, render=lambda _: data)
    has_loops = count_loops(tree)
    return TextTemplate(constant=None, render=_rendering(_compiled(tree, place), place, has_loops=has_loops))


def _compiled(tree: nodes.Template, place: Place) -> Template:
    try:
        return _ENVIRONMENT.from_string(tree)
    except TemplateError as exc:
        raise place.mistake(str(exc)) from exc


def _rendering(template: Template, place: Place, *, has_loops: bool) -> Callable[[Names], str]:
    root = template.root_render_func

    def render(names: Names) -> str:
        try:
            parts = root(_context(names))
            return concat(bounded_text(parts) if has_loops else parts)
        except Exception as exc:
            raise _mistake(exc, names, place) from exc

    return render


def _defined(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        str(value)  # raises, and says the name
    return value


def _context(names: Names) -> Context:
    """Begin a rendering. Makes the context that `Template.new_context` makes, without copying the names: three times
    as fast."""
    _ENVIRONMENT.steps = 0
    return Context(_ENVIRONMENT, names, None, {})  # type: ignore[arg-type]  # any mapping will do


def _mistake(exc: Exception, names: Names, place: Place) -> Mistakes:
    """Turn any error of a template's evaluation into a mistake of the job file."""
    line = _line_in_template(exc)
    if isinstance(exc, _UnsettledName):
        return Mistakes()  # the parameter's own mistake is reported already
    if isinstance(exc, UndefinedError):
        return place.mistake(f"{exc.message}; {_undefined_hint(exc, names)}", line_of_text=line)
    if isinstance(exc, UnsafeValue):
        return place.mistake(f"{exc}{_point(names)}", line_of_text=line)
    return place.mistake(f"{_reason(exc)}{_point(names)}", line_of_text=line)


def _reason(exc: Exception) -> str:
    match exc:
        case OverflowError():
            return str(exc)
        case RecursionError():
            return "the recursion of the template is too deep"
        case SecurityError():
            return f"templates may not do this: {exc}"
        case _:
            return f"{type(exc).__name__}: {exc}"


def _line_in_template(exc: Exception) -> int:
    line, traceback = 1, exc.__traceback__
    while traceback is not None:
        # Jinja leaves itself in the globals of the code that it compiles; the innermost of its frames has the line.
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.name is None:  # macros have the name of their file
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _undefined_hint(exc: UndefinedError, names: Names) -> str:
    quoted = (exc.message or "").split("'")
    # "'x' is undefined" names a name; "'dict object' has no attribute 'y'" does not.
    if len(quoted) != 3:
        return "check its value"
    return f"declare it under parameters or as an axis; {suggestion(quoted[1], names.keys() - GLOBALS.keys())}"


def _point(names: Names) -> str:
    return f" (task {names['task']})" if "task" in names else ""
