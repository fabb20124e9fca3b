"""Measure the time until the service answers, and until the command prints its help."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from tempfile import TemporaryDirectory

from measurement import Measurement
from service import shoal

REPETITIONS = 5


def measure(_scale: float) -> Iterator[Measurement]:
    with TemporaryDirectory(prefix="shoal-bench-") as state:
        shoal(state, "--help")  # compiles the bytecode
        helped = median(_seconds(lambda: shoal(state, "--help")) for _ in range(REPETITIONS))
        yield Measurement(name="shoal --help", value=helped, unit="s")
        try:
            started = _seconds(lambda: shoal(state, "local", "start", "--port", "0"))
        finally:
            shoal(state, "local", "stop")
        yield Measurement(name="service ready", value=started, unit="s")


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
