"""Carries out the recovery of pools' nodes, and reports each step in a line."""

import time
from collections.abc import Callable, Collection
from dataclasses import replace

from azure.core.exceptions import AzureError, HttpResponseError

from shoal.connect import Services, error_code, first_line
from shoal.errors import WorkFailed
from shoal.nodes import requests
from shoal.nodes.pool_nodes import PoolNode, PoolNodes, read_pool
from shoal.nodes.problem import problem
from shoal.nodes.recovery import Past, Plan, after, is_settled, plan
from shoal.runs.watch import Clock, is_final

LOST = "state eq 'starttaskfailed' or state eq 'unusable'"
LOOK_SECONDS = 5.0
"""Time between two looks at the nodes while a job is watched."""
POLL_SECONDS = 1.0
"""The same on request, when somebody waits for the end of the recovery."""
LONGEST_SECONDS = 3600.0


class Recovery:
    """The recovery of one pool, for as long as somebody watches."""

    def __init__(self, services: Services, pool_id: str, *, report: Callable[[str], None]) -> None:
        self._services, self._pool_id, self._report = services, pool_id, report
        self.past = Past()

    def look(self) -> PoolNodes | None:
        """Take the next step. Return the pool as it was before, or None where nothing is to be done."""
        # One short list where all is well, which is nearly always.
        lost = self._services.batch.list_nodes(self._pool_id, filter=LOST, select=["id"], max_results=1)
        return self.step() if self.past.targets is not None or any(lost) else None

    def step(self) -> PoolNodes:
        pool = read_pool(self._services.batch, self._pool_id)
        planned = plan(pool, self.past)
        done = self._carry_out(planned)
        self.past = after(pool, self.past, planned, done)
        for line in lines(pool, done):
            self._report(line)
        if done.stop:
            self._report(self._cause(done.stop))
        return pool

    def _carry_out(self, planned: Plan) -> Plan:
        """Return what was done of the plan: a state may have changed since it was read."""
        batch, pool_id = self._services.batch, self._pool_id
        removed = planned.remove and requests.remove(batch, pool_id, [node.id for node in planned.remove])
        resized = planned.resize and requests.resize(batch, pool_id, planned.resize)
        return replace(
            planned,
            reboot=tuple(node for node in planned.reboot if requests.reboot(batch, pool_id, node.id)),
            remove=planned.remove if removed else (),
            resize=planned.resize if resized else None,
        )

    def _cause(self, node: PoolNode) -> str:
        cause = f"pool {self._pool_id}: recovery stops, {problem(node)}; mend the cause and run `shoal up`"
        stderr = (
            "" if node.state == "unusable" else requests.start_task_stderr(self._services.batch, self._pool_id, node.id)
        )
        return "\n".join([cause, *(f"  | {line}" for line in stderr.splitlines())])


class JobRecovery:
    """The recovery of the pool of a job that is watched. It never ends the watch."""

    def __init__(
        self, services: Services, job_id: str, *, report: Callable[[str], None], clock: Clock | None = None
    ) -> None:
        self._services, self._job_id, self._report = services, job_id, report
        self._clock = clock or Clock()
        self._next = self._clock.now() + LOOK_SECONDS
        self._recovery: Recovery | None = None

    def on_waiting_tasks(self) -> None:
        """Look at the nodes, if the last time is long enough ago."""
        if self._clock.now() < self._next:
            return
        self._next = self._clock.now() + LOOK_SECONDS
        try:
            self._look()
        except HttpResponseError as exc:
            if is_final(exc):
                self._next = float("inf")
                self._report(f"nodes are not recovered: {error_code(exc)}: {first_line(exc)}")
        except AzureError:
            # The service is away. The watch notices that itself.
            return

    def _look(self) -> None:
        if self._recovery is None:
            job = self._services.batch.get_job(self._job_id)
            pool_id = (job.execution_info and job.execution_info.pool_id) or job.pool_info.pool_id
            self._recovery = Recovery(self._services, str(pool_id), report=self._report)
        self._recovery.look()


def recover(services: Services, pool_ids: Collection[str], *, report: Callable[[str], None]) -> None:
    """Recover the nodes of pools until nothing is left to do. Raises WorkFailed where that does not succeed."""
    recoveries = [Recovery(services, pool_id, report=report) for pool_id in pool_ids]
    deadline = time.monotonic() + LONGEST_SECONDS
    while recoveries_left := [one for one in recoveries if not is_settled(one.step(), one.past)]:
        if time.monotonic() > deadline:
            raise WorkFailed(f"{len(recoveries_left)} pools have not recovered in {LONGEST_SECONDS / 60:.0f} minutes")
        time.sleep(POLL_SECONDS)
    if stopped := sum(one.past.stopped for one in recoveries):
        raise WorkFailed(f"{stopped} of {len(recoveries)} pools have nodes that do not recover")


def lines(pool: PoolNodes, done: Plan) -> list[str]:
    """Return a line for each step that was taken."""
    steps = []
    for verb, nodes in (("rebooting", done.reboot), ("replacing", done.remove)):
        if nodes:
            others = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
            steps.append(f"pool {pool.id}: {verb} node {nodes[0].id}{others}: {problem(nodes[0])}")
    if done.resize:
        counts = f"{done.resize.dedicated} dedicated, {done.resize.low_priority} Spot"
        steps.append(f"pool {pool.id}: back to its target of nodes ({counts})")
    return steps
