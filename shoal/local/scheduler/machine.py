"""The nodes that this machine can carry: each is an agent with its keeper, and takes memory also when it is idle."""

import os
from functools import cache
from pathlib import Path

MEMORY_OF_NODE = 24 << 20
"""Bytes. Measured: 500 idle nodes took 14 MB each, before a keeper of 4 MB; the rest is for a small task."""
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@cache
def most_nodes() -> int:
    """Return how many nodes all pools of the service may have together."""
    return max(1, memory() // MEMORY_OF_NODE)


def memory() -> int:
    """Return the bytes of memory of this machine, or of the container in which it runs."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in map(Path, CGROUP_LIMITS):
        # `max` stands for none, as does a number beyond all memory.
        if path.is_file() and (limit := path.read_text().strip()).isdigit():
            limits.append(int(limit))
    return min(limits)
