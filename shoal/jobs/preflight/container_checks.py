"""Checks of stages in containers against the pool as it is in Batch, and against this machine. Pure.

Source: Batch REST, Task - Create, `containerSettings` (2025-06-01): it must be set on a pool with
`containerConfiguration`, and must not be set on another one.
"""

from collections.abc import Iterator

from shoal.environment import Pool
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.finding import Finding
from shoal.jobs.preflight.service_facts import PoolFacts, ServiceFacts


def container_findings(job: BoundJob, pool: Pool, actual: PoolFacts, facts: ServiceFacts) -> Iterator[Finding]:
    stages = job.job_file.spec.stages
    contained = [number for number, stage in enumerate(stages) if stage.container is not None]
    others = [number for number, stage in enumerate(stages) if stage.container is None]
    if contained and facts.has_container_engine is False:
        sentence = "the embedded service runs containers by podman or docker, and this machine has neither; install one"
        yield Finding(place=("stages", contained[0], "container"), sentence=sentence)
    elif contained and not actual.runs_containers:
        sentence = (
            f"pool '{pool.id}' is not made for containers; give it `containers: {{}}` in the stack's file, and run "
            "`shoal up`, which replaces the pool"
        )
        yield Finding(place=("stages", contained[0], "container"), sentence=sentence)
    # The embedded service runs tasks of both kinds in such a pool.
    if others and actual.runs_containers and not job.environment.is_embedded:
        sentence = f"all tasks of pool '{pool.id}' must run in containers; give this stage a `container`"
        yield Finding(place=("stages", others[0], "command"), sentence=sentence)
