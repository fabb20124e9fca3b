"""Limits of Azure Batch: the most and the least that it accepts. Each stands here once, with its source."""

from datetime import timedelta

TASK_SLOTS_PER_NODE = 256
TASK_SLOTS_PER_CORE = 4
"""Source: Batch REST, Pool - Add, taskSlotsPerNode: up to four times the cores, and up to 256."""

PACKAGES_PER_POOL = 10
"""Source: Batch service quotas and limits, application packages of a pool."""

SHORTEST_EVALUATION_INTERVAL = timedelta(minutes=5)
LONGEST_EVALUATION_INTERVAL = timedelta(hours=168)
DEFAULT_EVALUATION_INTERVAL = timedelta(minutes=15)
"""Source: Batch REST, Pool - Add, autoScaleEvaluationInterval: 15 minutes unless given, 5 minutes to 168 hours."""


def accepted_evaluation_interval(interval: timedelta) -> timedelta:
    """Return the interval that Azure would accept, which is also the one that a formula sees.

    The embedded service evaluates more often than Azure and stretches time for formulas accordingly.
    """
    return max(interval, SHORTEST_EVALUATION_INTERVAL)
