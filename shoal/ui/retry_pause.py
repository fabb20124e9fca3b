"""The pause before a stack that is away is looked up again. Pure."""

AGAIN = 2.0
"""Seconds before a stack of this machine is looked up again, which costs nothing."""
LONGEST = 60.0
SLOW = 0.5
"""Seconds that a look-up takes at least where it asks another program or machine for the stack's outputs."""


def pause(failures: int, look_up_seconds: float) -> float:
    """Return the seconds to wait after so many failures in a row, the last of which took that long to look up."""
    return min(LONGEST, AGAIN * 2 ** min(failures - 1, 10)) if look_up_seconds >= SLOW else AGAIN
