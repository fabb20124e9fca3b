"""Formulas built from descriptions: a scenario in, the text of its formula out."""

from typing import assert_never

from shoal.autoscale.scenarios import fixed_with_burst, pending_tasks, ramp, working_hours
from shoal.autoscale.scenarios.fixed_with_burst import FixedWithBurst
from shoal.autoscale.scenarios.pending_tasks import PendingTasks
from shoal.autoscale.scenarios.ramp import Ramp
from shoal.autoscale.scenarios.working_hours import WorkingHours

Scenario = PendingTasks | WorkingHours | Ramp | FixedWithBurst

SCENARIOS: dict[str, type[Scenario]] = {
    "pending_tasks": PendingTasks,
    "working_hours": WorkingHours,
    "ramp": Ramp,
    "fixed_with_burst": FixedWithBurst,
}


def formula(scenario: Scenario) -> str:
    """Return the text of the formula, with one comment a statement. It passes the linter."""
    match scenario:
        case PendingTasks():
            return pending_tasks.formula(scenario)
        case WorkingHours():
            return working_hours.formula(scenario)
        case Ramp():
            return ramp.formula(scenario)
        case FixedWithBurst():
            return fixed_with_burst.formula(scenario)
        case _:
            assert_never(scenario)


__all__ = ["SCENARIOS", "FixedWithBurst", "PendingTasks", "Ramp", "Scenario", "WorkingHours", "formula"]
