"""The subtasks of a multi-instance task: its instances but for the primary, which is the task itself.

Source: azure-batch 15.1, BatchSubtask. Their files are those of their nodes, below `taskRootDirectory`.
"""

from typing import Any

from shoal.local import times
from shoal.local.api.calls import Answer, Call, page
from shoal.local.api.tasks import find, node_info, outcome
from shoal.local.store.job import Job
from shoal.local.store.job_pools import JobPools
from shoal.local.store.states import SubtaskState
from shoal.local.store.subtask import Subtask
from shoal.local.store.task import Task


async def list_subtasks(call: Call) -> Answer:
    """Answer with the subtasks of the latest run; an ordinary task has none."""
    job, task = find(call)
    after, size = call.after(), call.page_size()
    subtasks = [one for one in Subtask.of_task(call.service.connection, task.key) if one.number > after]
    pools = JobPools.of(call.service.connection, job)
    views = [_view(call, job, pools, task, subtask) for subtask in subtasks[:size]]
    return page(call, "subtaskinfo", views, subtasks[size - 1].number if len(subtasks) > size else None)


def _view(call: Call, job: Job, pools: JobPools, task: Task, subtask: Subtask) -> dict[str, Any]:
    moments = {"stateTransitionTime": subtask.state_time, "previousStateTransitionTime": subtask.previous_state_time}
    if subtask.state is not SubtaskState.PREPARING:
        moments |= {"startTime": subtask.started, "endTime": subtask.ended}
    view = {
        "id": subtask.number,
        "nodeInfo": node_info(subtask.node, task, job, pools, call.base_url),
        "state": subtask.state,
        **{name: times.iso(moment) for name, moment in moments.items() if moment is not None},
    }
    if subtask.previous_state is not None:
        view["previousState"] = subtask.previous_state
    return view | outcome(subtask)
