"""The outputs of earlier stages where a command expects them: below `JOB/`, whatever the run's folder in storage.

Batch keeps a blob's whole path when it downloads it, and the folder in storage has the id of the run. So the task
itself gives the folder its stable name before the command begins.
"""

import shlex
from pathlib import PurePosixPath

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.templates import Names, TextTemplate


def folder_moves(stage: BoundStage) -> TextTemplate:
    """Return shell commands, each followed by `; `. Empty for a stage that reads no other one's outputs."""
    targets = [
        templates.text(source.to or "", stage.place("inputs", number))
        for number, source in enumerate(stage.spec.inputs)
        if source.stage is not None
    ]
    job_id, folder = stage.job.job_file.job_id, stage.job.folder

    def render(names: Names) -> str:
        directories = dict.fromkeys(PurePosixPath(target.render(names)) for target in targets)
        return "".join(_move(directory / folder, directory / job_id) for directory in directories)

    is_constant = all(target.constant is not None for target in targets)
    return TextTemplate(constant=render({}) if is_constant else None, render=render)


def _move(source: PurePosixPath, target: PurePosixPath) -> str:
    """The target is there already if another input lands in it, or in a second attempt of the task."""
    origin, place = (shlex.quote(f"./{path}") for path in (source, target))
    merge = f"cp -Rp {origin}/. {place} && rm -r {origin}"
    return f"if [ -d {place} ] && [ -d {origin} ]; then {merge}; elif [ -d {origin} ]; then mv {origin} {place}; fi; "
