"""Random numbers of the simulated cloud, which follow from its seed."""

from random import Random


class Draws:
    """A row of random numbers that begins anew with each other seed."""

    def __init__(self, subject: str = "") -> None:
        """Rows of different subjects have different numbers."""
        self._subject = subject
        self._seed: int | None = None
        self._random = Random()

    def of(self, seed: int) -> Random:
        if seed != self._seed:
            self._seed, self._random = seed, Random(f"{self._subject} {seed}" if self._subject else seed)
        return self._random
