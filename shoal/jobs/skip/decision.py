"""Decides which tasks of a stage are skipped. Pure."""

from collections.abc import Mapping, Set

from shoal.jobs.skip.content import TaskContent
from shoal.jobs.skip.result import Result


def reusable(
    contents: Mapping[str, TaskContent], results: Mapping[str, Result], skipped: Mapping[str, int], present: Set[str]
) -> dict[str, int]:
    """Return the tasks and barriers that need not run, and when what they stand for was made.

    `skipped` are those of the stages before. A task is skipped only with all that it waits for, and only if its result
    is not older than theirs: otherwise it may have been made from other outputs. Tasks that are in the job stay there.
    """
    chosen: dict[str, int] = {}
    for task, content in contents.items():
        before = [chosen.get(parent, skipped.get(parent)) for parent in content.parents]
        made = [time for time in before if time is not None]
        if task in present or len(made) < len(before):
            continue
        if content.is_barrier:
            chosen[task] = max(made, default=0)
        elif (result := results.get(task)) and content.digest and result.made >= max(made, default=0):
            chosen[task] = result.made
    return chosen
