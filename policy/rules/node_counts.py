"""Rules on the number of nodes of a pool: none when idle, never too many, and mostly Spot."""

from collections.abc import Iterator

from rules.declared_scaling import fixed_targets, formula_of
from rules.rule import POOL, POOL_UPDATE, Circumstances, Inputs, Level, ResourceRule, Setting
from shoal.autoscale.lint.trials import IDLE, OVERLOAD, OVERLOAD_ON_SPOT, Targets
from shoal.autoscale.scenarios import PendingTasks

SOME_NODES = 16
DEFAULTS = PendingTasks()
DEFAULT_LIMIT = DEFAULTS.max_spot_nodes + DEFAULTS.max_dedicated_nodes
"""Nodes that a pool may have when it sets no limits, so that a pool with default settings breaks no rule."""


def _never_idle(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    formula = formula_of(pool)
    if formula is None:
        if (targets := fixed_targets(pool)).nodes:
            yield f"it has {targets.nodes} nodes whether tasks run or not; use limits or a formula instead"
        return
    least = min((targets.nodes for targets in formula.tried(IDLE, nodes=SOME_NODES)), default=0)
    if least:
        yield f"after a week without tasks, its formula keeps {least} nodes; let the target follow the tasks down to 0"


def _too_large(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    allowed = int(circumstances.settings["nodes"])
    most = _largest(pool)
    if most > allowed:
        yield f"it may have {most} nodes, and {allowed} are allowed; lower maxSpotNodes and maxDedicatedNodes"


def _little_spot(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    minimum = circumstances.settings["share"]
    targets = _when_busy(pool)
    if targets.nodes and targets.spot / targets.nodes < minimum:
        yield (
            f"when it is busy, {targets.spot} of its {targets.nodes} nodes are Spot nodes, and at least {minimum:.0%} "
            "should be; raise maxSpotNodes, and use dedicated nodes only while Spot capacity is missing"
        )


def _largest(pool: Inputs) -> int:
    """Return the most nodes that the pool can have, with Spot capacity or without."""
    formula = formula_of(pool)
    if formula is None:
        return fixed_targets(pool).nodes
    trials = (targets for load in (OVERLOAD, OVERLOAD_ON_SPOT) for targets in formula.tried(load, nodes=0))
    return max((targets.nodes for targets in trials), default=0)


def _when_busy(pool: Inputs) -> Targets:
    """Return the targets of the pool at its largest, while Spot nodes are available."""
    formula = formula_of(pool)
    if formula is None:
        return fixed_targets(pool)
    trials = formula.tried(OVERLOAD_ON_SPOT, nodes=0)
    return max(trials, key=lambda targets: targets.nodes, default=Targets(dedicated=0, spot=0))


SCALES_TO_ZERO = ResourceRule(
    name="scales-to-zero",
    reason="Nodes cost money whether tasks run or not, and a forgotten pool costs money forever.",
    level=Level.MANDATORY,
    types=(POOL, POOL_UPDATE),
    violations=_never_idle,
)
NODES_CAPPED = ResourceRule(
    name="nodes-capped",
    reason="A job with a million tasks by mistake starts as many nodes as the pool may have, and you pay for them.",
    level=Level.MANDATORY,
    types=(POOL, POOL_UPDATE),
    violations=_too_large,
    settings=(
        Setting(
            name="nodes",
            default=DEFAULT_LIMIT,
            meaning="maximum number of nodes of one pool, of both kinds together",
            minimum=1,
        ),
    ),
)
SPOT_SHARE = ResourceRule(
    name="spot-share",
    reason="Spot nodes cost a fraction of dedicated ones, and tasks that can run again lose little on them.",
    level=Level.MANDATORY,
    types=(POOL, POOL_UPDATE),
    violations=_little_spot,
    settings=(Setting(name="share", default=0.5, meaning="minimum share of Spot nodes in a busy pool", maximum=1),),
)
