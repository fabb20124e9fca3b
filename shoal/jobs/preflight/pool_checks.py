"""Checks of the pool as it is in Batch: there, with the slots of the plan, with bash, scaled by a sound formula."""

from collections.abc import Iterator

from shoal.autoscale.review import ERRORS, review
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import accepted_evaluation_interval
from shoal.environment import Pool
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.task_spec import Shell
from shoal.jobs.preflight.container_checks import container_findings
from shoal.jobs.preflight.finding import Finding, warning
from shoal.jobs.preflight.service_facts import BASH, PoolFacts, ServiceFacts
from shoal.nodes.simulated_pool import RUNS_NOTHING

PLACE = ("job", "pool")
_WITH_BASH = tuple(f"batch.node.{system}" for system in ("ubuntu", "debian", "el", "centos", "almalinux", "opensuse"))
"""Beginnings of the node agents of systems that install bash always. Source: the systems' own lists of packages that
are essential (Debian Policy 3.8) or in the base group."""


def pool_findings(job: BoundJob, facts: ServiceFacts) -> Iterator[Finding]:
    name, pools = job.job_file.spec.job.pool, job.environment.pools
    if name not in pools:
        return  # a mistake of the file
    pool = pools[name]
    if facts.pool is None:
        yield Finding(place=PLACE, sentence=f"pool '{pool.id}' is not there any more; run `shoal up` to make it again")
        return
    if facts.pool.is_deleting:
        yield Finding(place=PLACE, sentence=f"pool '{pool.id}' is being deleted; run `shoal up` to make it again")
    if facts.pool.has_simulation and job.environment.is_embedded:
        yield warning(PLACE, f"pool '{pool.id}' {RUNS_NOTHING}")
    yield from _slots(pool, facts.pool)
    yield from _shells(job, facts.pool, facts)
    yield from _instances(job, pool, facts.pool)
    yield from container_findings(job, pool, facts.pool, facts)
    yield from _formula(pool, facts.pool)
    yield from _nodes(pool, facts.pool)


def _slots(pool: Pool, actual: PoolFacts) -> Iterator[Finding]:
    if actual.task_slots_per_node != pool.task_slots_per_node:
        sentence = (
            f"a node of pool '{pool.id}' has {actual.task_slots_per_node} slots, and the stack's outputs say "
            f"{pool.task_slots_per_node}; run `shoal up` again"
        )
        yield Finding(place=PLACE, sentence=sentence)


def _shells(job: BoundJob, pool: PoolFacts, facts: ServiceFacts) -> Iterator[Finding]:
    # In a container, the shell is the image's.
    stages = [
        stage
        for stage in job.own_tasks_and_stages
        if stage.shell is Shell.BASH and isinstance(stage.spec.command, str) and stage.spec.container is None
    ]
    if not stages or facts.has_bash or pool.node_agent.startswith(_WITH_BASH):
        return
    stage = stages[0]
    place = (*stage.location, "shell") if stage.spec.shell else ("job", "shell")
    if facts.has_bash is False:
        yield Finding(place=place, sentence=f"this machine, which the nodes run on, has no {BASH}; use `shell: sh`")
    else:
        image = pool.node_agent or "of a custom image"
        yield warning(place, f"whether nodes {image} have {BASH} is not known; the image must bring it")


def _instances(job: BoundJob, pool: Pool, actual: PoolFacts) -> Iterator[Finding]:
    """Source: "Use multi-instance tasks to run MPI applications in Batch" (read 2026-11): on a pool without
    communication between nodes, or with more than one task slot a node, such a task stays active for ever."""
    for stage in job.stages:
        instances = stage.spec.instances
        if instances is None:
            continue
        place = ("stages", stage.index, "instances")
        if not actual.has_inter_node_communication:
            sentence = (
                f"nodes of pool '{pool.id}' may not speak to each other, so a task with instances would wait for ever; "
                "set interNodeCommunication: true for a pool of its own in the stack's file"
            )
            yield Finding(place=place, sentence=sentence)
        if actual.task_slots_per_node > 1:
            sentence = (
                f"a node of pool '{pool.id}' has {actual.task_slots_per_node} slots, so a task with instances would "
                "wait for ever; Batch runs it on nodes with taskSlotsPerNode: 1 only"
            )
            yield Finding(place=place, sentence=sentence)
        size = actual.target_dedicated + actual.target_spot
        if actual.formula is None and 0 < size < instances:
            sentence = f"{instances} instances need as many nodes, and pool '{pool.id}' has a fixed size of {size}"
            yield Finding(place=place, sentence=sentence)


def _formula(pool: Pool, actual: PoolFacts) -> Iterator[Finding]:
    if actual.formula is None:
        return
    interval = actual.evaluation_interval
    ticks = from_timedelta(accepted_evaluation_interval(interval)) if interval else None
    for finding in review(actual.formula, interval=ticks, slots=actual.task_slots_per_node):
        is_error = finding.rule in ERRORS
        sentence = f"the formula of pool '{pool.id}', line {finding.span.line}: {finding.message} [{finding.rule}]" + (
            f"; {finding.mend}" if finding.mend else ""
        )
        # With nodes, the job runs on them although the formula cannot change their number.
        yield Finding(place=PLACE, sentence=sentence, is_problem=is_error and actual.nodes == 0)
    if actual.formula_error:
        yield warning(PLACE, f"the latest evaluation of the formula of pool '{pool.id}' failed: {actual.formula_error}")


def _nodes(pool: Pool, actual: PoolFacts) -> Iterator[Finding]:
    if actual.nodes:
        return
    if actual.formula is None and actual.target_dedicated + actual.target_spot == 0:
        sentence = f"pool '{pool.id}' has no nodes and no formula that adds any, so tasks wait; resize it"
        yield warning(PLACE, sentence)
    for error in actual.resize_errors:
        yield warning(PLACE, f"pool '{pool.id}' has no nodes: {error}")
