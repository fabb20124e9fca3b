"""Everything that the checks need to know of the service, read by a bounded number of requests."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from azure.batch import BatchClient
from azure.batch.models import BatchPool
from azure.core.exceptions import AzureError, ResourceNotFoundError

from shoal.account_keys import BATCH_ARM_VERSION
from shoal.arm_access import arm_call
from shoal.connect import Services, plain_word
from shoal.container_engine import engine
from shoal.errors import BadInput, ShoalError
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.task_spec import Logs
from shoal.jobs.tasks.task_bodies import stage_tasks
from shoal.nodes.simulated_pool import has_simulation

MOST_PREFIXES = 20
"""Prefixes of blobs of a stage that are looked up; a million tasks may each have their own."""
BASH = "/bin/bash"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """A pool as it is in Batch."""

    vm_size: str
    task_slots_per_node: int
    node_agent: str = ""
    is_deleting: bool = False
    has_inter_node_communication: bool = False
    runs_containers: bool = False
    has_simulation: bool = False
    """True where its metadata has a simulation, which means nothing in Azure."""
    formula: str | None = None
    evaluation_interval: timedelta | None = None
    formula_error: str = ""
    """The error of the formula's latest evaluation."""
    target_dedicated: int = 0
    target_spot: int = 0
    current_dedicated: int = 0
    current_spot: int = 0
    resize_errors: tuple[str, ...] = ()

    @property
    def nodes(self) -> int:
        return self.current_dedicated + self.current_spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Quotas of the account; None where it has none of its own, as in user subscription mode."""

    dedicated_cores: int | None = None
    spot_cores: int | None = None
    active_jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPrefix:
    """Blobs that tasks read, by the beginning of their names; or one blob, by its whole name."""

    stage: int
    """The stage's index in the job file."""
    number: int
    """The number of the input."""
    container: str
    prefix: str
    is_whole_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    pool: PoolFacts | None = None
    """None where the pool is not there."""
    packages: Mapping[str, frozenset[str]]
    """Versions that nodes can use, by application."""
    missing_containers: frozenset[str] = frozenset()
    empty_prefixes: tuple[BlobPrefix, ...] = ()
    """Prefixes that no blob begins with, and names that no blob has."""
    quotas: Quotas | None = None
    """None where they could not be read."""
    active_jobs: int = 0
    """Active jobs of the account beside this one."""
    has_bash: bool | None = None
    """True if the nodes have bash; None where only Azure knows."""
    has_container_engine: bool | None = None
    """True if this machine can run containers; None where its nodes are not processes of this machine."""
    unread: tuple[str, ...] = ()
    """Reasons for which something could not be read."""


def read_facts(job: BoundJob, services: Services) -> ServiceFacts:
    unread: list[str] = []
    quotas = _quotas(services, unread)
    missing = frozenset(name for name in used_containers(job) if not _has_container(services, name))
    return ServiceFacts(
        pool=_pool(job, services.batch),
        packages={name: _versions(services.batch, name) for name in sorted(_applications(job))},
        missing_containers=missing,
        empty_prefixes=tuple(
            prefix for prefix in blob_prefixes(job) if prefix.container not in missing and _is_empty(services, prefix)
        ),
        quotas=quotas,
        active_jobs=_other_active_jobs(job, services.batch) if quotas and quotas.active_jobs is not None else 0,
        # Nodes of the embedded service are processes of this machine.
        has_bash=os.access(BASH, os.X_OK) if services.environment.is_embedded else None,
        has_container_engine=engine() is not None if services.environment.is_embedded else None,
        unread=tuple(unread),
    )


def forecast_facts(job: BoundJob, services: Services) -> ServiceFacts:
    """Read only the facts that a forecast needs: the job's pool and the quotas."""
    unread: list[str] = []
    return ServiceFacts(
        pool=_pool(job, services.batch), packages={}, quotas=_quotas(services, unread), unread=tuple(unread)
    )


def used_containers(job: BoundJob) -> set[str]:
    """Return the containers that the tasks read or write."""
    own = job.environment.containers
    used = set()
    for stage in job.own_tasks_and_stages:
        spec = stage.spec
        used |= {own.outputs} if spec.outputs or any(source.stage for source in spec.inputs) else set()
        used |= {own.logs} if spec.logs is not Logs.NEVER else set()
        used |= {source.container or own.inputs for source in spec.inputs if source.stage is None}
    return used


def blob_prefixes(job: BoundJob) -> Iterator[BlobPrefix]:
    """Return the first different prefixes of each stage."""
    for stage in job.stages:
        inputs = enumerate(stage.spec.inputs)
        numbers = [number for number, source in inputs if source.blobs is not None or source.blob is not None]
        if numbers:
            yield from islice(dict.fromkeys(_prefixes(stage, numbers)), MOST_PREFIXES)


def _prefixes(stage: BoundStage, numbers: list[int]) -> Iterator[BlobPrefix]:
    # With these inputs alone each is one resource file; of a group of tasks an input becomes several.
    alone = stage.spec.model_copy(update={"inputs": [stage.spec.inputs[number] for number in numbers]})
    try:
        for task in islice(stage_tasks(replace(stage, spec=alone)), MOST_PREFIXES):
            for number, resource in zip(numbers, task["resourceFiles"], strict=True):
                yield _blob_prefix(stage, number, resource)
    except (BadInput, KeyError):
        return  # a mistake of the file, or a barrier after the last task


def _blob_prefix(stage: BoundStage, number: int, resource: Mapping[str, Any]) -> BlobPrefix:
    if "httpUrl" not in resource:
        container = urlsplit(resource["storageContainerUrl"]).path.rsplit("/", 1)[-1]
        return BlobPrefix(stage=stage.index, number=number, container=container, prefix=resource["blobPrefix"])
    path = resource["httpUrl"].removeprefix(f"{stage.job.environment.blob_endpoint}/").partition("?")[0]
    container, _, name = path.partition("/")
    return BlobPrefix(stage=stage.index, number=number, container=container, prefix=unquote(name), is_whole_name=True)


def _applications(job: BoundJob) -> set[str]:
    return {package.application for stage in job.stages for package in stage.packages.values()}


def _pool(job: BoundJob, client: BatchClient) -> PoolFacts | None:
    pool = job.environment.pools.get(job.job_file.spec.job.pool)
    if pool is None:
        return None
    try:
        return pool_facts(client.get_pool(pool.id))
    except ResourceNotFoundError:
        return None


def pool_facts(pool: BatchPool) -> PoolFacts:
    machine = pool.virtual_machine_configuration
    run = pool.auto_scale_run
    return PoolFacts(
        vm_size=(pool.vm_size or "").lower(),
        task_slots_per_node=pool.task_slots_per_node or 1,
        node_agent=(machine.node_agent_sku_id if machine else None) or "",
        runs_containers=machine is not None and machine.container_configuration is not None,
        has_inter_node_communication=bool(pool.enable_inter_node_communication),
        has_simulation=has_simulation(pool),
        is_deleting=plain_word(pool.state) == "deleting",
        formula=pool.auto_scale_formula if pool.enable_auto_scale else None,
        evaluation_interval=pool.auto_scale_evaluation_interval,
        formula_error=f"{run.error.code}: {run.error.message}" if run and run.error else "",
        target_dedicated=pool.target_dedicated_nodes or 0,
        target_spot=pool.target_low_priority_nodes or 0,
        current_dedicated=pool.current_dedicated_nodes or 0,
        current_spot=pool.current_low_priority_nodes or 0,
        resize_errors=tuple(f"{error.code}: {error.message}" for error in pool.resize_errors or ()),
    )


def _versions(client: BatchClient, application: str) -> frozenset[str]:
    """Return the active versions. Source: Batch REST, Applications - Get: only versions that nodes can use."""
    try:
        return frozenset(client.get_application(application).versions)
    except ResourceNotFoundError:
        return frozenset()


def _has_container(services: Services, name: str) -> bool:
    return services.blobs.get_container_client(name).exists()


def _is_empty(services: Services, prefix: BlobPrefix) -> bool:
    container = services.blobs.get_container_client(prefix.container)
    if prefix.is_whole_name:
        return not container.get_blob_client(prefix.prefix).exists()
    return next(iter(container.list_blob_names(name_starts_with=prefix.prefix, results_per_page=1)), None) is None


def _quotas(services: Services, unread: list[str]) -> Quotas | None:
    environment = services.environment
    path = f"resourceGroups/{environment.resource_group}/providers/Microsoft.Batch/batchAccounts"
    try:
        account = arm_call(environment, "GET", f"{path}/{environment.batch_account}", BATCH_ARM_VERSION)
    except (ShoalError, AzureError) as exc:
        unread.append(f"the quotas of account '{environment.batch_account}' cannot be read: {str(exc).splitlines()[0]}")
        return None
    return _account_quotas(account["properties"])


def _account_quotas(properties: Mapping[str, Any]) -> Quotas:
    return Quotas(
        dedicated_cores=properties.get("dedicatedCoreQuota"),
        spot_cores=properties.get("lowPriorityCoreQuota"),
        active_jobs=properties.get("activeJobAndJobScheduleQuota"),
    )


def _other_active_jobs(job: BoundJob, client: BatchClient) -> int:
    """Count active jobs, of which an account has a few hundred at most."""
    active = client.list_jobs(filter="state eq 'active'", select=["id"])
    return sum(1 for other in active if str(other.id).lower() != job.job_file.job_id.lower())
