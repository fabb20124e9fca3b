"""Failed tasks, grouped by kind: code, exit code, and what message and last line of stderr have in common. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

VARYING = (
    (re.compile(r"https?://\S+"), "URL"),
    (re.compile(r"(?<![\w/])[\w.~-]*/[\w./~-]+"), "PATH"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}\b", re.IGNORECASE), "#"),
    (re.compile(r"\d+"), "#"),
)
"""Parts of messages that differ from task to task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    id: str
    exit_code: int | None = None
    code: str = ""
    """The error code of Batch, such as FailureExitCode or CommandProgramNotFound."""
    message: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    ran: timedelta | None = None
    """Duration of its last attempt."""
    limit: timedelta | None = None
    """The longest time that an attempt may take."""
    satisfies_dependents: bool = False
    stderr: str | None = None
    """The last lines, or None where they were not read."""

    @property
    def last_line(self) -> str:
        lines = [line.strip() for line in (self.stderr or "").splitlines()]
        return next((line for line in reversed(lines) if line), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    tasks: int
    """The number of failures that were read."""
    example: FailedTask
    is_unread: bool = False
    """True for failures that may be of other kinds, as their stderr was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    total: int = 0
    listed: tuple[FailedTask, ...] = ()
    """The failures of the whole job that were read."""
    kinds: tuple[FailureKind, ...] = ()
    """The most frequent kind first; of a single task, its own."""

    @property
    def sampling(self) -> str:
        """`1000 of 100000 failures were read`, or nothing where all were."""
        read = len(self.listed)
        return f"{read} of {self.total} failures were read" if read < self.total else ""


def grouped(failed: Iterable[FailedTask]) -> tuple[FailureKind, ...]:
    """Return the kinds of the tasks. Where the stderr that was read is all alike, the rest is taken for alike."""
    groups: defaultdict[tuple[object, ...], list[FailedTask]] = defaultdict(list)
    for task in failed:
        groups[_outcome(task)].append(task)
    kinds = [kind for tasks in groups.values() for kind in _kinds(tasks)]
    return tuple(sorted(kinds, key=lambda kind: (kind.is_unread, -kind.tasks)))


def to_read(failed: Sequence[FailedTask], most: int) -> list[FailedTask]:
    """Choose the tasks whose stderr is read: in turn from each group of the same outcome, spread over each."""
    groups: defaultdict[tuple[object, ...], list[FailedTask]] = defaultdict(list)
    for task in failed:
        if task.code == "FailureExitCode":
            groups[_outcome(task)].append(task)
    if not groups:
        return []
    share = max(1, most // len(groups))
    chosen = [_spread(tasks, share) for tasks in groups.values()]
    return [task for tasks in chosen for task in tasks][:most]


def common_text(text: str) -> str:
    """Return a message without the parts that differ from task to task."""
    for pattern, substitute in VARYING:
        text = pattern.sub(substitute, text)
    return text


def _outcome(task: FailedTask) -> tuple[object, ...]:
    return task.code, task.exit_code, common_text(task.message.replace(task.id, "TASK"))


def _kinds(tasks: list[FailedTask]) -> list[FailureKind]:
    by_line: defaultdict[str, list[FailedTask]] = defaultdict(list)
    for task in tasks:
        if task.stderr is not None:
            by_line[common_text(task.last_line.replace(task.id, "TASK"))].append(task)
    kinds = [FailureKind(tasks=len(alike), example=alike[0]) for alike in by_line.values()]
    unread = [task for task in tasks if task.stderr is None]
    if not unread:
        return kinds
    if len(kinds) == 1:
        return [replace(kinds[0], tasks=len(tasks))]
    return [*kinds, FailureKind(tasks=len(unread), example=unread[0], is_unread=bool(kinds))]


def _spread(tasks: list[FailedTask], number: int) -> list[FailedTask]:
    step = max(1, len(tasks) // number)
    return tasks[::step][:number]
