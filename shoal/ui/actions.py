"""Actions of the page on jobs, pools and nodes: each is the call of a command, with clients of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from azure.batch.models import BatchPoolEvaluateAutoScaleOptions

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.nodes.node_lookup import find_node
from shoal.nodes.replacement import reboot, replace
from shoal.nodes.resizing import resize
from shoal.runs.cancel import cancel
from shoal.runs.listing import requested_pool
from shoal.runs.retry.choice import Choice, Request
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.retry import retry
from shoal.runs.verdict import Unfinished
from shoal.runs.why.finding import counted
from shoal.runs.why.pool_reading import formula_run, read_pool_facts
from shoal.ui.request_numbers import whole_number

Action = Callable[[Services, Mapping[str, str], Mapping[str, Any]], str]
"""Takes the parts of its address and its body; returns what was done, in a sentence."""
READ_ONLY = "`shoal ui` was started with --read-only"


def cancel_job(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    done = cancel(services.batch, place["job"])
    return f"Job {place['job']} is cancelled." if done else f"Job {place['job']} had ended before."


def retry_failed(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    retried = retry(services, place["job"], Request(), Silence())
    if not retried.again and not retried.resumed:
        return "No task failed, and nothing runs again."
    return f"{counted(len(retried.again), 'failed task', 'runs')} again in job {retried.job_id}."


def resize_pool(services: Services, place: Mapping[str, str], body: Mapping[str, Any]) -> str:
    resized = resize(
        services, place["pool"], dedicated=whole_number(body, "dedicated"), spot=whole_number(body, "spot")
    )
    return f"{resized.summary}. A later `shoal up` goes back to the numbers in the stack's file."


def evaluate_formula(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    """Let Batch evaluate the pool's formula with its present samples. Changes nothing."""
    pool_id = requested_pool(services.environment, place["pool"]).id
    facts = read_pool_facts(services.batch, pool_id)
    if facts is None or facts.formula is None:
        raise BadInput(f"pool '{place['pool']}' is not scaled by a formula")
    options = BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=facts.formula)
    run = formula_run(services.batch.evaluate_pool_auto_scale(pool_id, options))
    if run.fault is not None:
        raise WorkFailed(f"the formula fails: {run.fault.code}: {run.fault.message}")
    return f"It asks for: {run.results.replace(';', ', ')}"


def reboot_node(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    node = find_node(services, place["node"], place["pool"])
    reboot(services, node)
    return f"Node {node.id} reboots once its tasks have ended."


def replace_node(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    lines = list[str]()
    replace(services, find_node(services, place["node"], place["pool"]), report=lines.append)
    return f"{lines[-1]}."


class Silence:
    """Reports nothing on the way: the page shows it."""

    def on_lag(self, unfinished: Unfinished) -> None: ...
    def on_choice(self, run: JobsOfRun, choice: Choice) -> None: ...


ACTIONS: Mapping[str, Action] = {
    "/actions/jobs/{job}/cancel": cancel_job,
    "/actions/jobs/{job}/retry": retry_failed,
    "/actions/pools/{pool}/resize": resize_pool,
    "/actions/pools/{pool}/evaluate": evaluate_formula,
    "/actions/pools/{pool}/nodes/{node}/reboot": reboot_node,
    "/actions/pools/{pool}/nodes/{node}/replace": replace_node,
}
