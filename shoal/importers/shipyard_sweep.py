"""The `task_factory` of Batch Shipyard as the sweep of a stage, and its command with the sweep's names.

Source: Batch Shipyard, docs/35-batch-shipyard-task-factory-merge-task.md and convoy/task_factory.py (2026): arguments
of a factory go into the command by Python's format strings, `{}`, `{0}` or the names of a file.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from string import Formatter
from typing import Any

from shoal.errors import BadInput
from shoal.importers.imported import LeftOut, literal
from shoal.importers.source import Source

ENDING = re.compile(r"\*[^*?\[\]]+")
"""A pattern for names that end in a text."""
MAX_POINTS = 100_000
"""Points of combinations and permutations, which are written out one by one."""
FILE = "blob"
"""The name of the axis of a `file` factory."""
FILE_NAMES = {
    "file_path": "{{ blob }}",
    "file_name": "{{ blob.name }}",
    "file_name_no_extension": "{{ blob.name.split('.')[0] }}",
    "file_path_with_container": "{{ CONTAINER ~ '/' ~ blob }}",
}
"""Names in the command of a `file` factory, as templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Points of a stage, and the templates that stand for the fields of its command."""

    for_each: dict[str, Any] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def command(self, text: str, key: str) -> str:
        """Return a command with templates for its fields; without a factory, braces in it are plain text."""
        return _formatted(text, self.fields, key) if self.fields else literal(text)


def sweep(factory: Source) -> Sweep:
    """Return the sweep of a factory. Where it cannot be carried over, the sweep is missing and the reason is listed."""
    for name, make in FACTORIES.items():
        if name in factory:
            return make(factory)
    return Sweep()


def _formatted(text: str, fields: dict[str, str], key: str) -> str:
    parts, count = [], itertools.count()
    try:
        for plain, name, _spec, _conversion in Formatter().parse(text):
            parts.append(literal(plain))
            if name is not None:
                parts.append(fields.get(name or str(next(count)), ""))
                if not parts[-1]:
                    raise BadInput(f"{key}: the task factory has no value for '{{{name}}}'")
    except ValueError as exc:
        raise BadInput(f"{key} is not a format string of Python: {exc}") from exc
    return "".join(parts)


def _arguments(axes: Sequence[list[Any]], source: str = "product") -> Sweep:
    names = [f"arg{index}" for index in range(len(axes))]
    fields = {str(index): "{{ " + name + " }}" for index, name in enumerate(names)}
    return Sweep(for_each={source: dict(zip(names, axes, strict=True))}, fields=fields)


def _parametric(factory: Source) -> Sweep:
    section = factory.section("parametric_sweep")
    for name, make in PARAMETRIC.items():
        if name in section:
            return make(section)
    return Sweep()


def _product(section: Source) -> Sweep:
    return _arguments([_numbers(axis) for axis in section.sections("product")])


def _numbers(axis: Source) -> list[int]:
    start, stop, step = (axis.integer(key) for key in ("start", "stop", "step"))
    if not step:
        raise BadInput(f"{axis.key('step')} must be a whole number that is not 0")
    numbers = range(start or 0, stop or 0, step)
    if not 0 < len(numbers) <= MAX_POINTS:
        raise BadInput(f"{axis.path} has {len(numbers)} values; 1 to {MAX_POINTS} can be carried over")
    return list(numbers)


def _iterables(section: Source, key: str) -> list[list[Any]]:
    # A text is a list of its characters, as in Python.
    return [list(str(item)) if not isinstance(item, list) else item for item in section.items(key)]


def _product_of_iterables(section: Source) -> Sweep:
    return _arguments(_iterables(section, "product_iterables"))


def _zip(section: Source) -> Sweep:
    rows = list(zip(*_iterables(section, "zip"), strict=False))  # the shortest one ends it, as in Python
    return _rows(rows)


def _combinations(section: Source) -> Sweep:
    inner = section.section("combinations")
    take = itertools.combinations_with_replacement if inner.flag("replacement") else itertools.combinations
    return _chosen(inner, take)


def _permutations(section: Source) -> Sweep:
    return _chosen(section.section("permutations"), itertools.permutations)


def _chosen(inner: Source, take: Callable[[Iterable[Any], int], Iterable[tuple[Any, ...]]]) -> Sweep:
    value = inner.texts("iterable")
    items = list(value[0]) if len(value) == 1 else value
    rows = list(itertools.islice(take(items, inner.integer("length") or len(items)), MAX_POINTS + 1))
    if len(rows) > MAX_POINTS:
        raise BadInput(f"{inner.path} has more than {MAX_POINTS} points; write them into a table instead")
    return _rows(rows)


def _rows(rows: Sequence[tuple[Any, ...]]) -> Sweep:
    return _arguments([list(column) for column in zip(*rows, strict=True)], "zip")


def _random(factory: Source) -> Sweep:
    """Draw the values as Shipyard does, so that the job file has the very points that its seed gives."""
    section = factory.section("random")
    number, seed = section.integer("generate"), section.integer("seed")
    if number is None or not 0 < number <= MAX_POINTS:
        raise BadInput(f"{section.key('generate')} must be 1 to {MAX_POINTS}")
    draw = _draw(section, random.Random(seed))
    # Draws can repeat, and two equal points of a sweep are an error: so they are numbered.
    points = {"draw": list(range(1, number + 1)), "arg0": [draw() for _ in range(number)]}
    notes = []
    if seed is None:
        reason = "Shipyard draws other values each time; those in the job file stay the same"
        notes.append(LeftOut(key=section.key("seed"), reason=reason))
    return Sweep(for_each={"zip": points}, fields={"0": "{{ arg0 }}"}, left_out=notes)


def _draw(section: Source, generator: random.Random) -> Callable[[], float]:
    if "integer" in section:
        axis = section.section("integer")
        _numbers(axis)  # refuses what has no values
        start, stop, step = (axis.integer(key) or 0 for key in ("start", "stop", "step"))
        return lambda: generator.randrange(start, stop, step)
    distribution = section.section("distribution")
    for name, (method, keys) in DISTRIBUTIONS.items():
        if name in distribution:
            inner = distribution.section(name)
            numbers = [inner.number(key) for key in keys]
            if None in numbers and name != "triangular":  # whose mode may be left out
                raise BadInput(f"{inner.path} needs {' and '.join(keys)}")
            return partial(getattr(generator, method), *numbers)
    raise BadInput(f"{section.path} needs integer, or a distribution of {', '.join(DISTRIBUTIONS)}")


def _repeat(factory: Source) -> Sweep:
    return Sweep(for_each={"product": {"repetition": {"range": [1, factory.integer("repeat") or 1]}}})


def _file(factory: Source) -> Sweep:
    section = factory.section("file")
    storage = section.section("azure_storage")
    if storage.flag("is_file_share"):
        reason = "Shoal lists blobs, not the files of a share; copy them into a container"
        return Sweep(fields=dict(FILE_NAMES), left_out=[LeftOut(key=storage.key("is_file_share"), reason=reason)])
    where = _where(storage)
    container, _, prefix = (storage.text("remote_path") or "").partition("/")
    path = FILE_NAMES.get(section.text("task_filepath") or "file_path", "")
    if not path:
        raise BadInput(f"{section.key('task_filepath')} must be one of {', '.join(FILE_NAMES)}")
    fields = {name: text.replace("CONTAINER", f"'{container}'") for name, text in FILE_NAMES.items()}
    return Sweep(
        for_each={"product": {FILE: {"blobs": prefix, "container": container}}, **where},
        fields=fields,
        inputs=[{"blob": "{{ blob }}", "container": container, "to": path.replace("CONTAINER", f"'{container}'")}],
    )


def _where(storage: Source) -> dict[str, str]:
    """Return `where` for the patterns that only ask for an ending, such as *.png; other patterns stay unread."""
    conditions = []
    for key, word in (("include", ""), ("exclude", "not ")):
        patterns = storage.peek(key)
        if isinstance(patterns, list) and patterns and all(ENDING.fullmatch(str(pattern)) for pattern in patterns):
            endings = " or ".join(f"{FILE}.endswith({str(pattern)[1:]!r})" for pattern in storage.texts(key))
            conditions.append(f"{word}({endings})")
    return {"where": " and ".join(conditions)} if conditions else {}


def _custom(factory: Source) -> Sweep:
    factory.leave("custom")
    reason = "a Python module makes the points; write them into a table, and read it with for_each.table"
    return Sweep(
        fields={str(index): f"{{{{ arg{index} }}}}" for index in range(16)},
        left_out=[LeftOut(key=factory.key("custom"), reason=reason)],
    )


FACTORIES: dict[str, Callable[[Source], Sweep]] = {
    # Shipyard's own order where there are several.
    "custom": _custom,
    "file": _file,
    "repeat": _repeat,
    "random": _random,
    "parametric_sweep": _parametric,
}
PARAMETRIC: dict[str, Callable[[Source], Sweep]] = {
    "product": _product,
    "product_iterables": _product_of_iterables,
    "zip": _zip,
    "combinations": _combinations,
    "permutations": _permutations,
}
DISTRIBUTIONS = {
    "uniform": ("uniform", ("a", "b")),
    "triangular": ("triangular", ("low", "high", "mode")),
    "beta": ("betavariate", ("alpha", "beta")),
    "exponential": ("expovariate", ("lambda",)),
    "gamma": ("gammavariate", ("alpha", "beta")),
    "gauss": ("gauss", ("mu", "sigma")),
    "lognormal": ("lognormvariate", ("mu", "sigma")),
    "pareto": ("paretovariate", ("alpha",)),
    "weibull": ("weibullvariate", ("alpha", "beta")),
}
"""Shipyard's distributions: Python's method that draws from each, and the keys of its arguments."""
