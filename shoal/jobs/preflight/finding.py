"""A result of a check: a problem, with which the job cannot run, or a warning."""

from dataclasses import dataclass

from shoal.jobs.file.document import Document, Location
from shoal.jobs.file.mistakes import Mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    place: Location
    """The key of the job file that the finding is about."""
    sentence: str
    """What was found, what it means, and how to mend it."""
    is_problem: bool = True

    def mistake(self, document: Document) -> Mistake:
        line = document.line(self.place)
        return Mistake(line=line, message=self.text(document))

    def text(self, document: Document) -> str:
        return f"{document.at(self.place)}: {self.sentence}"


def warning(place: Location, sentence: str) -> Finding:
    return Finding(place=place, sentence=sentence, is_problem=False)
