"""Bounds on the work of a template, so that a rendering ends soon and its result fits into memory.

Each rendering has a budget of steps: an iteration of a loop and a call of a function or macro take one each, and more
where the loop has long text.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import nodes, pass_environment
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_STEPS = 1_000_000
MAX_LENGTH = 1_000_000
MAX_TEXT = 10_000_000
"""Characters of one rendering, more than Batch takes."""
MAX_EXPONENT = 1000
MAX_BITS = 4 * MAX_LENGTH
_WIDTH = re.compile(r"%[^a-zA-Z%]*([0-9]{5}|\*)")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Operators, loops and calls cannot make texts, lists or numbers without bounds."""

    steps = 0
    """Steps of the rendering so far. Here, since macros of a file have a context of their own."""

    def step(self, weight: int = 1) -> None:
        self.steps += weight
        if self.steps > MAX_STEPS:
            raise OverflowError(f"the template's loops and calls take more than {MAX_STEPS:,} steps")

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            _refuse_wide_format(left)
        if operator == "*" and any(isinstance(side, str | list | tuple) for side in (left, right)):
            lengths = [len(side) if isinstance(side, str | list | tuple) else side for side in (left, right)]
            if math.prod(lengths) > MAX_LENGTH:
                raise OverflowError("the result is too long")
        if operator == "**" and isinstance(right, int | float):
            bits = left.bit_length() * right if isinstance(left, int) else 0
            if abs(right) > MAX_EXPONENT or bits > MAX_BITS:
                raise OverflowError("the exponent is too large")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.step()
        if isinstance(function, LoopContext):  # of a recursive loop, which this call begins again
            args = (counted(self, args[0]), *args[1:])
        if isinstance(getattr(function, "__self__", None), str):
            _refuse_wide(args, kwargs)
        return super().call(context, function, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and re.search(r"[0-9]{5}", value.__self__):
            raise OverflowError("the width is too large")
        return wrapped


@pass_environment
def counted(environment: BoundedEnvironment, values: Iterable[Any], weight: int = 1) -> Iterator[Any]:
    """Return the values of a loop, each of which takes steps."""
    for value in values:
        environment.step(weight)
        yield value


def count_loops(tree: nodes.Template) -> bool:
    """Make every loop of the template take steps. Return False for a template without loops and macros."""
    loops = list(tree.find_all(nodes.For))
    for loop in loops:
        # A macro gives its text as a whole, so long text in a loop takes as many steps as it would take of the length.
        length = sum(len(text.data) for text in loop.find_all(nodes.TemplateData))
        weight = nodes.Const(1 + length * MAX_STEPS // MAX_TEXT, lineno=loop.iter.lineno)
        loop.iter = nodes.Filter(loop.iter, "counted", [weight], [], None, None, lineno=loop.iter.lineno)
    return bool(loops) or tree.find(nodes.Macro) is not None


def bounded_text(parts: Iterable[str]) -> Iterator[str]:
    """Return the parts of a rendering. Raises OverflowError once they are too long together."""
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_TEXT:
            raise OverflowError(f"the text has more than {MAX_TEXT:,} characters")
        yield part


def _with_bounded_numbers(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)  # which also copies the marks by which Jinja passes its own arguments
    def bounded(*args: Any, **kwargs: Any) -> Any:
        _refuse_wide(args, kwargs)
        return make(*args, **kwargs)

    return bounded


def _format(value: Any, *args: Any, **kwargs: Any) -> Any:
    _refuse_wide_format(str(value))
    return JINJA_FILTERS["format"](value, *args, **kwargs)


def _replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    """Replace as Jinja does, without its markup, which job files do not have."""
    text = str(value)
    replaced = text.count(old) if count is None else min(count, text.count(old))
    if len(text) + replaced * len(new) > MAX_LENGTH:
        raise OverflowError("the result is too long")
    return text.replace(old, new, -1 if count is None else count)


def _refuse_wide(args: Iterable[Any], kwargs: dict[str, Any]) -> None:
    if any(isinstance(width, int) and width > MAX_LENGTH for width in (*args, *kwargs.values())):
        raise OverflowError("the width is too large")


def _refuse_wide_format(text: str) -> None:
    if _WIDTH.search(text):
        raise OverflowError("the width is too large")


_FILLING = ("batch", "center", "indent", "slice", "tojson")
"""Filters that fill their result up to a number that the template gives."""
FILTERS: dict[str, Callable[..., Any]] = {
    **{name: _with_bounded_numbers(JINJA_FILTERS[name]) for name in _FILLING},
    "counted": counted,
    "format": _format,
    "replace": _replace,
}
