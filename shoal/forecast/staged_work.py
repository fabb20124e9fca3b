"""Stages of jobs as work for a simulated pool. A stage's tasks arrive when the stages before it have ended."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shoal.autoscale.compilation import Program
from shoal.autoscale.simulation.distributions import Constant, Distribution
from shoal.autoscale.simulation.engine import Outcome, simulate
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.workload import TaskGroup, Workload, workload


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWork:
    """The tasks of one stage of a job that will run."""

    job: str
    name: str
    after: Sequence[str]
    """Names of the stages of the same job that it waits for."""
    tasks: int
    slots: int
    """Total slots of all its tasks."""


Durations = Callable[[StageWork], Distribution]
"""Return the seconds that tasks of a stage run, in the time of the simulation."""


def simulate_stages(
    program: Program, model: PoolModel, work: Sequence[StageWork], durations: Durations, *, begin: int = 0
) -> tuple[Outcome, Workload]:
    """Simulate the pool, with a submission at second `begin`.

    A wave of stages starts when all before it have ended, so those are simulated first.
    """
    groups: list[TaskGroup] = []
    for wave in waves(work):
        groups += [replace(group, at=begin) for stage in wave for group in _groups(stage, durations(stage))]
        tasks = workload(groups, seed=0)
        outcome = simulate(program, tasks, model)
        begin = outcome.tallies.last_end
        if outcome.tallies.completed < len(tasks):
            break
    return outcome, tasks


def waves(work: Iterable[StageWork]) -> list[list[StageWork]]:
    """Return the stages that wait for none, then those that wait for these only, and so on."""
    left, done, ordered = list(work), set[tuple[str, str]](), list[list[StageWork]]()
    while left:
        known = {(stage.job, stage.name) for stage in left}
        wave = [stage for stage in left if not any((stage.job, name) in known for name in stage.after)]
        ordered.append(wave or left)
        done |= {(stage.job, stage.name) for stage in ordered[-1]}
        left = [stage for stage in left if (stage.job, stage.name) not in done]
    return ordered


def _groups(stage: StageWork, duration: Distribution) -> Iterator[TaskGroup]:
    """Yield the stage's tasks, with its slots shared among them as evenly as possible."""
    width, wider = divmod(stage.slots, stage.tasks)
    for count, slots in ((stage.tasks - wider, width), (wider, width + 1)):
        if count:
            yield TaskGroup(count=count, duration=duration, slots=Constant(slots))
