"""Rules on how many nodes a pool has: none when idle, never too many, and mostly Spot."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, Rule, Setting
from rules.scaling import fixed_targets, formula_of
from shoal.autoscale.lint.trials import IDLE, OVERLOAD, OVERLOAD_ON_SPOT, Targets
from shoal.autoscale.scenarios import PendingTasks

SOME_NODES = 16
UNSAID = PendingTasks()
AS_MANY_AS_UNSAID = UNSAID.max_spot_nodes + UNSAID.max_dedicated_nodes
"""What a pool may have that says no limits: the default of one rule is no violation of another."""


def _never_idle(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    formula = formula_of(pool)
    if formula is None:
        if (targets := fixed_targets(pool)).nodes:
            yield f"it has {targets.nodes} nodes whether tasks run or not; give it limits or a formula instead"
        return
    least = min((targets.nodes for targets in formula.tried(IDLE, nodes=SOME_NODES)), default=0)
    if least:
        yield f"with no task for a week, its formula still keeps {least} nodes; let the target follow the tasks to 0"


def _too_large(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    allowed = int(circumstances.settings["nodes"])
    most = _largest(pool)
    if most > allowed:
        yield f"it may have {most} nodes, and {allowed} are allowed; lower maxSpotNodes and maxDedicatedNodes"


def _little_spot(_type: str, pool: Inputs, circumstances: Circumstances) -> Iterator[str]:
    asked = circumstances.settings["share"]
    targets = _when_busy(pool)
    if targets.nodes and targets.spot / targets.nodes < asked:
        yield (
            f"when it is busy, {targets.spot} of its {targets.nodes} nodes are Spot nodes, and at least {asked:.0%} "
            "should be; raise maxSpotNodes, and keep dedicated nodes for when Spot is not to be had"
        )


def _largest(pool: Inputs) -> int:
    """Nodes, whether Spot nodes are to be had or not."""
    formula = formula_of(pool)
    if formula is None:
        return fixed_targets(pool).nodes
    tried = (targets for load in (OVERLOAD, OVERLOAD_ON_SPOT) for targets in formula.tried(load, nodes=0))
    return max((targets.nodes for targets in tried), default=0)


def _when_busy(pool: Inputs) -> Targets:
    """While Spot nodes are to be had, and at its largest."""
    formula = formula_of(pool)
    if formula is None:
        return fixed_targets(pool)
    tried = formula.tried(OVERLOAD_ON_SPOT, nodes=0)
    return max(tried, key=lambda targets: targets.nodes, default=Targets(dedicated=0, spot=0))


SCALES_TO_ZERO = Rule(
    name="scales-to-zero",
    reason="Nodes cost money whether tasks run or not, and a forgotten pool bills for ever.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_never_idle,
)
NODES_CAPPED = Rule(
    name="nodes-capped",
    reason="A job with a million tasks by mistake becomes as many nodes as a pool may have, and the bill for them.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_too_large,
    settings=(
        Setting(
            name="nodes", default=AS_MANY_AS_UNSAID, meaning="nodes that one pool may have, of both kinds", minimum=1
        ),
    ),
)
SPOT_SHARE = Rule(
    name="spot-share",
    reason="Spot nodes cost a fraction of dedicated ones, and tasks that can run again lose little on them.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_little_spot,
    settings=(Setting(name="share", default=0.5, meaning="of a busy pool's nodes, at least", maximum=1),),
)
