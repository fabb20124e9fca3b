"""Give a pool of a fixed size other targets."""

from dataclasses import dataclass

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.nodes import requests
from shoal.nodes.pool_nodes import Targets, read_targets
from shoal.runs.listing import no_such_pool, requested_pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resized:
    pool: str
    before: Targets
    after: Targets

    @property
    def summary(self) -> str:
        if self.before == self.after:
            return f"pool {self.pool}: its target is {counts(self.after)} already"
        return f"pool {self.pool}: its target was {counts(self.before)} and is {counts(self.after)} now"


def resize(services: Services, pool: str, *, dedicated: int | None, spot: int | None) -> Resized:
    """Begin to resize a pool; a number that is None stays. Raises BadInput for a pool with a formula.

    Nodes that leave end their tasks first.
    """
    pool_id = requested_pool(services.environment, pool).id
    present = read_targets(services.batch, pool_id)
    if present is None:
        raise no_such_pool(pool_id)
    if present.scales_by_formula:
        raise BadInput(_refusal(pool))
    before = present.targets
    after = Targets(
        dedicated=before.dedicated if dedicated is None else dedicated,
        low_priority=before.low_priority if spot is None else spot,
    )
    if after != before and not requests.resize(services.batch, pool_id, after):
        raise WorkFailed(f"pool {pool} is being resized; try again when `shoal pools` shows it as steady")
    return Resized(pool=pool, before=before, after=after)


def counts(targets: Targets) -> str:
    return f"{targets.dedicated} dedicated and {targets.low_priority} Spot nodes"


def _refusal(pool: str) -> str:
    return (
        f"pool '{pool}' is scaled by a formula, which would undo a resize; set maxSpotNodes, maxDedicatedNodes or "
        "warmUpNodes of the pool in the stack's file (or its autoScaleFormula) and run `shoal up`"
    )
