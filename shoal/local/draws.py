"""Random numbers of the simulated cloud, which follow from its seed."""

from random import Random


class Draws:
    """A row of random numbers that begins anew with each other seed."""

    def __init__(self) -> None:
        self._seed: int | None = None
        self._random = Random()

    def of(self, seed: int) -> Random:
        if seed != self._seed:
            self._seed, self._random = seed, Random(seed)
        return self._random
