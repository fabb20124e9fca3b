"""The check of the node's disk against the known sizes of its tasks' inputs."""

from collections.abc import Iterator

from shoal.azure.temporary_disks import TEMPORARY_GIB
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.finding import Finding, warning
from shoal.jobs.submit.plan import Plan

GIB = 2**30


def disk_findings(job: BoundJob, plan: Plan) -> Iterator[Finding]:
    """Compare the local files that tasks read; sizes of blobs and of results are not known."""
    disk = TEMPORARY_GIB.get(plan.pool.vm_size.lower())
    if disk is None or job.environment.is_embedded:  # nodes of the embedded service share this machine's disk
        return
    for stage, planned in zip(job.stages, plan.stages, strict=True):
        place = ("stages", stage.index, "inputs")
        at_once = plan.pool.task_slots_per_node * planned.tasks // planned.slots
        node = f"the disk of a node of {plan.pool.vm_size} has {disk:g} GiB"
        if planned.input_bytes > disk * GIB:
            sentence = f"a task reads {planned.input_bytes / GIB:.1f} GiB, and {node}; take a larger VM size"
            yield Finding(place=place, sentence=sentence)
        elif planned.input_bytes * at_once > disk * GIB:
            sentence = (
                f"{at_once} tasks at a time read {planned.input_bytes * at_once / GIB:.1f} GiB, and {node}; give "
                "tasks more slots, or take a larger VM size"
            )
            yield warning(place, sentence)
