"""A job file under check: mistakes are kept, the checks go on, and consequences of a mistake are left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import ErrorDetails

from shoal.jobs.file.document import Document, Location
from shoal.jobs.file.mistakes import Mistake, MistakeList
from shoal.validation_messages import sentence, spelling, without_consequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    document: Document
    mistakes: MistakeList
    failed: list[Location] = field(default_factory=list)
    """The places that have a mistake."""

    def refuse(self, location: Location, text: str) -> None:
        """Keep a mistake, unless the place or something around it has one already."""
        if not any(tuple(location[: len(place)]) == tuple(place) for place in self.failed):
            self.mistakes.extend(self.document.mistake(location, text).mistakes)
        self.failed.append(location)

    def refuse_found(self, location: Location, mistakes: Iterable[Mistake]) -> None:
        """Keep mistakes that know their lines."""
        self.mistakes.extend(mistakes)
        self.failed.append(location)

    def refuse_invalid(self, errors: Sequence[ErrorDetails], model: Any, root: Location = ()) -> None:
        """Keep pydantic's errors of validating a value that stands at `root`."""
        for error in without_consequences(errors, model):
            location = [*root, *error["loc"]]
            steps = self.document.steps(location)
            if error["type"] == "missing":
                steps = [*steps, error["loc"][-1]]  # the file does not have the missing key
            self.refuse(steps, sentence(error, spelling(steps), model))
        # Also those that were left out as consequences: their places are not sound either.
        self.failed.extend([*root, *error["loc"]] for error in errors)

    def is_sound(self, *location: str | int) -> bool:
        """True where nothing at, below or around the place has a mistake."""
        for place in self.failed:
            shared = min(len(place), len(location))
            if tuple(place[:shared]) == location[:shared]:
                return False
        return True
