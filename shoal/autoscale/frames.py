"""What a compiled formula works on while it is evaluated."""

from collections.abc import Sequence
from random import Random

from shoal.autoscale.samples import Samples
from shoal.autoscale.variables import Deallocation

Value = float | int | str | Sequence[float] | Deallocation
"""A double, a number of ticks (timestamp or timeinterval), a string, a vector or an option: the type says which."""


class Stop(Exception):
    """The formula called stop()."""


class Frame:
    """Values of the variables by slot, and the circumstances of the evaluation."""

    __slots__ = ("_random", "now", "present", "samples", "seed", "values")

    def __init__(
        self, *, now: int, samples: Samples, present: dict[str, float], values: list[Value], seed: int = 0
    ) -> None:
        self.now = now
        self.samples = samples
        self.present = present
        """Of service variables whose number does not come from a sample."""
        self.values = values
        self.seed = seed
        self._random: Random | None = None

    def rand(self) -> float:
        """Evaluating twice at the same moment with the same seed gives the same numbers."""
        if self._random is None:
            self._random = Random(f"{self.seed}/{self.now}")
        return self._random.random()
