"""The page of a stack: accounts, pools, jobs, packages, and what its nodes cost now."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from azure.core.exceptions import AzureError

from shoal.arm import ArmError
from shoal.azure.prices import CURRENCY, SOURCE_AND_DAY
from shoal.connect import Services
from shoal.errors import ShoalError
from shoal.runs.drift import Drift, drift, other_pools
from shoal.runs.listing import JobRow
from shoal.runs.listing import jobs as list_jobs
from shoal.runs.package_listing import PackageRow
from shoal.runs.package_listing import packages as list_packages
from shoal.runs.pool_listing import GONE, PoolRow, pool_rows, present_pools

PACKAGES_SECONDS = 60.0
"""Time between two readings of the packages: two requests for each."""
MOST_JOBS = 1000
"""Jobs that are read: one page. Source: Batch REST, Job - List, maxresults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostNow:
    """The price of the present nodes for an hour."""

    per_hour: float
    currency: str
    source: str
    unknown_sizes: Sequence[str]
    """VM sizes of pools whose price is not known: their nodes are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    kind: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPage:
    stack: str
    project: str
    is_embedded: bool
    location: str
    resource_group: str
    accounts: Sequence[Account]
    pools: Sequence[PoolRow]
    jobs: Sequence[JobRow]
    has_more_jobs: bool
    packages: Sequence[PackageRow]
    packages_problem: str
    cost: CostNow
    drift: Sequence[Drift]
    """Changes since the last deployment, as far as they are known: formulas only of later versions."""
    other_pools: Sequence[str]
    """Ids of the account's pools that are none of the stack's."""


class StackView:
    def __init__(self) -> None:
        self._packages: Sequence[PackageRow] = ()
        self._packages_problem = ""
        self._packages_due = float("-inf")

    def read(self, services: Services) -> StackPage:
        environment = services.environment
        present = present_pools(services.batch)
        pools = list(pool_rows(environment, present))
        jobs = list(islice(list_jobs(services.batch), MOST_JOBS + 1))
        self._read_packages(services)
        return StackPage(
            stack=environment.stack,
            project=environment.project,
            is_embedded=environment.is_embedded,
            location=environment.location,
            resource_group=environment.resource_group,
            accounts=[
                Account(name=environment.batch_account, kind="Batch", address=environment.batch_endpoint),
                Account(name=environment.storage_account, kind="Storage", address=environment.blob_endpoint),
            ],
            pools=pools,
            jobs=sorted(jobs[:MOST_JOBS], key=latest_first),
            has_more_jobs=len(jobs) > MOST_JOBS,
            packages=self._packages,
            packages_problem=self._packages_problem,
            cost=cost_now(pools),
            drift=drift(environment, present, self._packages),
            other_pools=other_pools(environment, present),
        )

    def _read_packages(self, services: Services) -> None:
        """Read the packages now and then. They need rights that the rest of the page can do without."""
        now = time.monotonic()
        if now < self._packages_due:
            return
        self._packages_due = now + PACKAGES_SECONDS
        try:
            self._packages = list(list_packages(services.batch, services.environment))
            self._packages_problem = ""
        except (AzureError, ArmError, ShoalError) as exc:
            self._packages_problem = str(exc)


def cost_now(pools: Sequence[PoolRow]) -> CostNow:
    return CostNow(
        per_hour=sum(pool.cost_per_hour or 0 for pool in pools),
        currency=CURRENCY,
        source=SOURCE_AND_DAY,
        unknown_sizes=sorted({pool.vm_size for pool in pools if pool.cost_per_hour is None and pool.state != GONE}),
    )


def latest_first(job: JobRow) -> tuple[bool, float]:
    """Order jobs that go on before those that have ended, and the latest first among each."""
    created = job.created or datetime.fromtimestamp(0, UTC)
    return job.state == "completed", -created.timestamp()
