"""Checks of the account's quotas against what the job and its pool ask for."""

from collections.abc import Iterator

from shoal.azure.vm_sizes import VM_SIZES
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.finding import Finding, warning
from shoal.jobs.preflight.service_facts import PoolFacts, Quotas, ServiceFacts

POOL = ("job", "pool")


def quota_findings(job: BoundJob, facts: ServiceFacts) -> Iterator[Finding]:
    quotas = facts.quotas
    if quotas is None:
        return
    account = job.environment.batch_account
    if quotas.active_jobs is not None and facts.active_jobs >= quotas.active_jobs:
        sentence = (
            f"account '{account}' has {facts.active_jobs} active jobs, and its quota is {quotas.active_jobs}; end one "
            "of them (`shoal jobs`), or ask Azure for a higher quota"
        )
        yield Finding(place=("job",), sentence=sentence)
    if facts.pool is not None:
        yield from _core_findings(account, facts.pool, quotas)


def _core_findings(account: str, pool: PoolFacts, quotas: Quotas) -> Iterator[Finding]:
    size = VM_SIZES.get(pool.vm_size)
    if size is None:
        return
    kinds = [
        ("dedicated", pool.target_dedicated, quotas.dedicated_cores, "TargetDedicated"),
        ("Spot", pool.target_spot, quotas.spot_cores, "TargetLowPriority"),
    ]
    # A formula may set either target at any time.
    wanted = [kind for kind in kinds if (kind[3] in pool.formula if pool.formula else kind[1])]
    if wanted and not pool.nodes and all(quota is not None and quota < size.cores for _, _, quota, _ in wanted):
        found = " and ".join(f"{quota} for {kind} nodes" for kind, _, quota, _ in wanted)
        sentence = (
            f"a node of {pool.vm_size} has {size.cores} cores, and the core quota of account '{account}' is {found}: "
            "no node can start; ask Azure for a higher quota"
        )
        yield Finding(place=POOL, sentence=sentence)
        return
    for kind, target, quota, _ in kinds:
        if pool.formula is None and quota is not None and target * size.cores > quota:
            sentence = (
                f"the pool's {target} {kind} nodes need {target * size.cores} cores, and the quota of account "
                f"'{account}' is {quota}: the pool gets {quota // size.cores} of them"
            )
            yield warning(POOL, sentence)
