"""The state of one evaluation of a compiled formula."""

from collections.abc import Sequence
from random import Random

from shoal.autoscale.samples import Samples
from shoal.autoscale.variables import Deallocation

Value = float | int | str | Sequence[float] | Deallocation
"""A double, a number of ticks (timestamp or timeinterval), a string, a vector or an option; its Type tells which."""


class Stop(Exception):
    """The formula called stop()."""


class Frame:
    """Values of the variables by slot, and the inputs of the evaluation."""

    __slots__ = ("_random", "now", "present", "registers", "samples", "seed", "values")

    def __init__(
        self, *, now: int, samples: Samples, present: dict[str, float], values: list[Value], seed: int = 0
    ) -> None:
        self.now = now
        self.samples = samples
        self.present = present
        """Values of the service variables that do not come from samples."""
        self.values = values
        self.registers: dict[int, Value] = {}
        """Values of subtrees of unrolled statements."""
        self.seed = seed
        self._random: Random | None = None

    def rand(self) -> float:
        """Return a random number; the same moment and seed give the same sequence."""
        # Only for formulas that call rand(): they are few, and seeding would slow down every evaluation.
        if self._random is None:
            self._random = Random(f"{self.seed}/{self.now}")  # a text, unlike hash(), seeds alike in every process
        return self._random.random()
