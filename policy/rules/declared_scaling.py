"""The scaling of a pool, read from its inputs, and the number of nodes that it can lead to."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.rule import Inputs
from shoal.autoscale import FormulaFault, Program, check, compile_formula, parse
from shoal.autoscale.durations import parse_duration
from shoal.autoscale.lint.trials import Load, Targets, targets_under
from shoal.autoscale.ticks import HOUR, from_timedelta
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL, accepted_evaluation_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingFormula:
    text: str
    interval: int
    """Time between two evaluations, in ticks."""

    def tried(self, load: Load, *, nodes: int) -> Iterator[Targets]:
        """Yield its targets under a load that lasts; none for an invalid formula, which another rule reports."""
        program = _program(self.text)
        if program is not None:
            yield from targets_under(program, load, nodes=nodes, every=max(self.interval, HOUR))


def formula_of(pool: Inputs) -> ScalingFormula | None:
    auto_scale = (pool.get("scaleSettings") or {}).get("autoScale")
    if auto_scale is None:
        return None
    given = auto_scale.get("evaluationInterval")
    interval = DEFAULT_EVALUATION_INTERVAL if given is None else accepted_evaluation_interval(parse_duration(given))
    return ScalingFormula(text=auto_scale["formula"], interval=from_timedelta(interval))


def fixed_targets(pool: Inputs) -> Targets:
    """Return the targets of a pool without a formula; unset ones are 0, as in Batch."""
    fixed = (pool.get("scaleSettings") or {}).get("fixedScale") or {}
    dedicated, spot = (int(fixed.get(name) or 0) for name in ("targetDedicatedNodes", "targetLowPriorityNodes"))
    return Targets(dedicated=dedicated, spot=spot)


def _program(text: str) -> Program | None:
    try:
        checked = check(parse(text))
    except FormulaFault:
        return None
    return None if checked.faults else compile_formula(checked)
