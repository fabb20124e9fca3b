"""How a pool is scaled, taken from its inputs, and how many nodes that can become."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.rule import Inputs
from shoal.autoscale import FormulaFault, Program, check, compile_formula, parse
from shoal.autoscale.durations import parse_duration
from shoal.autoscale.lint.trials import Load, Targets, targets_under
from shoal.autoscale.ticks import HOUR, from_timedelta
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL, accepted_evaluation_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    text: str
    interval: int
    """Between two evaluations, in ticks."""

    def tried(self, load: Load, *, nodes: int) -> Iterator[Targets]:
        """What it wants under a load that lasts; nothing where it is no formula, of which another rule tells."""
        program = _program(self.text)
        if program is not None:
            yield from targets_under(program, load, nodes=nodes, every=max(self.interval, HOUR))


def formula_of(pool: Inputs) -> Formula | None:
    auto_scale = (pool.get("scaleSettings") or {}).get("autoScale")
    if auto_scale is None:
        return None
    given = auto_scale.get("evaluationInterval")
    interval = DEFAULT_EVALUATION_INTERVAL if given is None else accepted_evaluation_interval(parse_duration(given))
    return Formula(text=auto_scale["formula"], interval=from_timedelta(interval))


def fixed_targets(pool: Inputs) -> Targets:
    """Of a pool without a formula; none where nothing is said, as Batch takes it."""
    fixed = (pool.get("scaleSettings") or {}).get("fixedScale") or {}
    dedicated, spot = (int(fixed.get(name) or 0) for name in ("targetDedicatedNodes", "targetLowPriorityNodes"))
    return Targets(dedicated=dedicated, spot=spot)


def _program(text: str) -> Program | None:
    try:
        checked = check(parse(text))
    except FormulaFault:
        return None
    return None if checked.faults else compile_formula(checked)
