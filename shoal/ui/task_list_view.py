"""One page of a job's tasks, filtered by the service: a job is never read whole."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.runs.listing import TASK_COLUMNS, TaskRow, task_filter, task_row
from shoal.runs.unknown_ids import unknown_job

ROWS = 50


class Continuations:
    """Links to further pages, as Batch gave them. The browser gets a key of each, and no address of requests."""

    MOST = 1000

    def __init__(self) -> None:
        self._links: OrderedDict[str, str] = OrderedDict()

    def key(self, link: str | None) -> str | None:
        """Keep a link, and return its key; a link has the same one each time."""
        if not link:
            return None
        key = blake2b(link.encode(), digest_size=9).hexdigest()
        self._links[key] = link
        self._links.move_to_end(key)
        if len(self._links) > self.MOST:
            self._links.popitem(last=False)
        return key

    def link(self, key: str) -> str | None:
        """Return the link; None for a key of an earlier server, which leads to the first page."""
        return self._links.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListPage:
    tasks: Sequence[TaskRow]
    next: str | None
    """The key of the next page, or None after the last one."""
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListView:
    job_id: str
    continuations: Continuations
    state: str | None = None
    failed: bool = False
    start: str = ""
    """The beginning of the ids."""
    after: str = ""
    """The key of the page."""

    def read(self, services: Services) -> TaskListPage:
        link = self.continuations.link(self.after)
        wanted = task_filter(state=self.state, failed=self.failed, start=self.start)
        # The link carries the filter, and Batch takes it as it gave it.
        pages = services.batch.list_tasks(self.job_id, filter=wanted, select=TASK_COLUMNS, max_results=ROWS).by_page(
            link
        )
        try:
            tasks = list(map(task_row, next(pages, iter(()))))
        except ResourceNotFoundError as exc:
            raise unknown_job(services.batch, self.job_id) from exc
        following = getattr(pages, "continuation_token", None)
        return TaskListPage(tasks=tasks, next=self.continuations.key(following), is_first=link is None)
