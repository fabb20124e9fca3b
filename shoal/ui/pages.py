"""The addresses of the pages, and the view of each."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from shoal.errors import BadInput
from shoal.ui.job_view import JobView
from shoal.ui.poller import View
from shoal.ui.pool_view import PoolView
from shoal.ui.stack_view import StackView
from shoal.ui.sweep_view import SweepView
from shoal.ui.swept_points import SweptPoints
from shoal.ui.task_list_view import Continuations, TaskListView
from shoal.ui.task_view import TaskView

STATES = ("active", "preparing", "running", "completed")


class Pages:
    def __init__(self) -> None:
        self._continuations = Continuations()
        self._swept = SweptPoints()

    def view_of(self, address: str) -> View:
        """Return the view of an address such as `/jobs/nightly`. Raises BadInput for one of no page."""
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query))
        match [unquote(part) for part in parts.path.split("/")[1:]]:
            case [""]:
                return StackView()
            case ["pools", pool] if pool:
                return PoolView(pool)
            case ["jobs", job] if job:
                return JobView(job)
            case ["jobs", job, "tasks"] if job:
                return self._tasks(job, query)
            case ["jobs", job, "tasks", task] if job and task:
                return TaskView(job, task, self._swept)
            case ["jobs", job, "sweep"] if job:
                return SweepView(
                    job_id=job, swept=self._swept, stage=query.get("stage", ""), file=query.get("file", "")
                )
            case _:
                raise BadInput(f"there is no page {parts.path}; / is the stack")

    def _tasks(self, job: str, query: Mapping[str, str]) -> View:
        state = query.get("state")
        if state not in (None, "failed", *STATES):
            raise BadInput(f"there is no state '{state}' of tasks; there are {', '.join(STATES)} and failed")
        return TaskListView(
            job_id=job,
            continuations=self._continuations,
            state=None if state == "failed" else state,
            failed=state == "failed",
            start=query.get("start", ""),
            after=query.get("after", ""),
        )
