"""A mapping of another tool's configuration that knows which of its values were read.

So each key is either carried over or listed, whatever a configuration holds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shoal.errors import BadInput


class Source:
    """One mapping. `path` names it in messages: `tasks.inputs` or `job_specifications[0]`."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise BadInput(f"{path or 'the configuration'} must be a mapping; it is {value!r:.60}")
        self._values: Mapping[str, Any] = {str(key): item for key, item in value.items()}
        self._read: set[str] = set()
        self._sections: dict[str, list[Source]] = {}
        self.path = path

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    @property
    def names(self) -> list[str]:
        return list(self._values)

    def key(self, name: str) -> str:
        """Return the full name of a key, as it is listed."""
        return f"{self.path}.{name}" if self.path else name

    def peek(self, key: str) -> object:
        """Return a value without taking it as read."""
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """Return text, or a number as text. Raises BadInput for another type; None where it is absent or null."""
        value = self._value(key, (str, int, float), "text")
        return None if value is None else str(value)

    def integer(self, key: str) -> int | None:
        value = self._value(key, (int, str), "a whole number")
        try:
            return None if value is None else int(value)
        except ValueError as exc:
            raise BadInput(f"{self.key(key)} must be a whole number; it is {value!r}") from exc

    def number(self, key: str) -> float | None:
        value = self._value(key, (int, float), "a number")
        return None if value is None else value

    def flag(self, key: str) -> bool:
        return bool(self._value(key, (bool,), "true or false"))

    def items(self, key: str) -> list[Any]:
        return list(self._value(key, (list,), "a list") or [])

    def texts(self, key: str) -> list[str]:
        """Return a list of texts. One text alone is a list of one."""
        value = self._value(key, (list, str), "a list of texts")
        return [value] if isinstance(value, str) else [str(item) for item in value or []]

    def section(self, key: str) -> "Source":
        """Return the mapping below a key; an empty one where it is absent or null."""
        return self._kept(key, [Source(self._value(key, (dict,), "a mapping") or {}, self.key(key))])[0]

    def sections(self, key: str) -> list["Source"]:
        """Return the mappings of a list."""
        found = [Source(item, f"{self.key(key)}[{index}]") for index, item in enumerate(self.items(key))]
        return self._kept(key, found)

    def rest(self) -> Iterator[str]:
        """Yield the full names of the keys that have a value and were not read."""
        for key, value in self._values.items():
            if key in self._sections:
                for section in self._sections[key]:
                    yield from section.rest()
            elif key not in self._read:
                yield from _leaves(self.key(key), value)

    def leave(self, *keys: str) -> None:
        """Take keys as read whose absence in a job file changes nothing."""
        self._read.update(keys)

    def _kept(self, key: str, sections: list["Source"]) -> list["Source"]:
        return self._sections.setdefault(key, sections)

    def _value(self, key: str, types: tuple[type, ...], meaning: str) -> Any:
        self._read.add(key)
        value = self._values.get(key)
        # A bool is an int in Python.
        if value is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool))):
            return value
        raise BadInput(f"{self.key(key)} must be {meaning}; it is {value!r:.60}")


def _leaves(key: str, value: object) -> Iterator[str]:
    """Yield the full names of the values below a key that nothing has read."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    elif value is not None:
        yield key
