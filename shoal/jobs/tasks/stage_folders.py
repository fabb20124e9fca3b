"""The outputs of earlier stages where a command expects them: below `JOB/`, whatever the run's folder in storage.

Batch keeps a blob's whole path when it downloads it, and the folder in storage has the id of the run. So the task
itself gives the folder its stable name before the command begins. Batch downloads all blobs below a prefix, so the task
also deletes the files that no pattern of its inputs matches.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.templates import Names, TextTemplate
from shoal.jobs.tasks.find_patterns import find_literal, find_regex


@dataclass(frozen=True, slots=True, kw_only=True)
class _StageInput:
    """An input that is another stage's outputs."""

    stage: str
    to: TextTemplate
    pattern: TextTemplate
    """Empty where all files are kept."""


def folder_moves(stage: BoundStage) -> TextTemplate:
    """Return shell commands, each followed by `; `. Empty for a stage that reads no other one's outputs."""
    inputs = [
        _StageInput(
            stage=source.stage,
            to=templates.text(source.to or "", stage.place("inputs", number)),
            pattern=templates.text(source.pattern or "", stage.place("inputs", number)),
        )
        for number, source in enumerate(stage.spec.inputs)
        if source.stage is not None and source.file is None
    ]
    job_id, folder = stage.job.job_file.job_id, stage.job.folder

    def render(names: Names) -> str:
        patterns: dict[PurePosixPath, dict[str, list[str]]] = {}
        for source in inputs:
            stages = patterns.setdefault(PurePosixPath(source.to.render(names)), {})
            stages.setdefault(source.stage, []).append(source.pattern.render(names))
        return "".join(
            "".join(_filter(directory / folder / name, kept) for name, kept in stages.items())
            + _move(directory / folder, directory / job_id)
            for directory, stages in patterns.items()
        )

    is_constant = all(text.constant is not None for source in inputs for text in (source.to, source.pattern))
    if not is_constant:
        return TextTemplate(constant=None, render=render)
    moves = render({})
    return TextTemplate(constant=moves, render=lambda _: moves)


def _filter(outputs: PurePosixPath, patterns: Sequence[str]) -> str:
    """Delete the files of a stage that match none of the patterns, unless one of its inputs has none."""
    if not all(patterns):
        return ""
    place, task = shlex.quote(f"./{outputs}"), find_literal(f"./{outputs}") + "/[^/]*/"
    kept = " ".join(f"! -regex {shlex.quote(task + find_regex(pattern))}" for pattern in patterns)
    return f"if [ -d {place} ]; then find {place} -type f {kept} -delete; fi; "


def _move(source: PurePosixPath, target: PurePosixPath) -> str:
    """The target is there already if another input lands in it, or in a second attempt of the task."""
    origin, place = (shlex.quote(f"./{path}") for path in (source, target))
    merge = f"cp -Rp {origin}/. {place} && rm -r {origin}"
    return f"if [ -d {place} ] && [ -d {origin} ]; then {merge}; elif [ -d {origin} ]; then mv {origin} {place}; fi; "
