"""The first and the last task of a stage, as a person wrote them."""

from collections import deque
from dataclasses import dataclass

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sweep import points
from shoal.jobs.tasks.command_line import written_command


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTask:
    id: str
    command: str
    """The command of the job file with the task's values, without what is added for the node."""


def first_and_last(stage: BoundStage) -> list[ShownTask]:
    """Return both, or the only task. Raises BadInput for mistakes, of which a planned job has none."""
    make, sweep = written_command(stage), points(stage)
    ends = [next(sweep), *deque(sweep, maxlen=1)]
    shown = []
    for point in ends:
        task = task_id(stage.name, point) if stage.spec.is_swept else stage.name
        shown.append(ShownTask(id=task, command=make({**stage.names, **point, "task": task})))
    return shown
