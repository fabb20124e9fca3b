"""Mistakes of a job file, reported together in the file's order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shoal.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    line: int
    """The line of the job file, by which mistakes are sorted."""
    message: str
    """The file, the line, the problem and its mend."""


class Mistakes(BadInput):
    """One line for each mistake. Without any, it is only a consequence of a mistake reported elsewhere."""

    def __init__(self, mistakes: Iterable[Mistake] = ()) -> None:
        # Every task may find the same mistake. The sort is stable: those of one line keep the order of the checks.
        self.mistakes = tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line))
        super().__init__("\n".join(mistake.message for mistake in self.mistakes))


class MistakeList(list[Mistake]):
    @contextmanager
    def collecting(self, line: int = 0) -> Iterator[None]:
        """Keep the mistakes that end the block, and go on after it. `line` is for messages that have none."""
        try:
            yield
        except Mistakes as exc:
            self.extend(exc.mistakes)
        except BadInput as exc:
            self.append(Mistake(line=line, message=str(exc)))

    def refuse(self) -> None:
        if self:
            raise Mistakes(self)


def made_by_all(makers: Sequence[Callable[[Any], Any]], argument: Any) -> list[Any]:
    """Call every maker and return the results. Raises the mistakes of all of them, not only the first one's."""
    try:
        return [make(argument) for make in makers]
    except BadInput:
        # Only now one by one: the way without mistakes is taken by each of a million tasks.
        mistakes = MistakeList()
        for make in makers:
            with mistakes.collecting():
                make(argument)
        raise Mistakes(mistakes) from None
