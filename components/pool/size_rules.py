"""Rules of a pool's VM size, by the table of sizes and the slots that the pool wants on it. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shoal.azure.limits import TASK_SLOTS_PER_CORE, TASK_SLOTS_PER_NODE
from shoal.azure.vm_sizes import FAMILIES, NAME, VM_SIZES, VmSize, retirement_doubt, retirement_fault
from shoal.suggestion import nearest

from ..argument_fault import ArgumentFault, Spelling


def vm_size(pool: Mapping[str, Any]) -> VmSize | None:
    """Return the size, or None if the table does not have it or only the deployment knows it."""
    name = pool.get("vm_size")
    return VM_SIZES.get(name.lower()) if isinstance(name, str) else None


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    name, slots = pool.get("vm_size"), pool.get("task_slots_per_node", 1)
    if isinstance(name, str) and not NAME.fullmatch(name.lower()):
        meant = f"did you mean {near}?" if (near := _nearest(name)) else "Azure spells them like standard_d4s_v5"
        yield ArgumentFault(at=spelling("vm_size"), text=f"is {name}; it is no name of a VM size, {meant}")
    size = vm_size(pool)
    if size is not None and isinstance(slots, int):
        yield from _slot_faults(pool, size, slots, spelling)


def _nearest(name: str) -> str | None:
    """Return the known name that is most similar, without the prefix that all names have."""
    known = {size.removeprefix("standard_"): size for size in VM_SIZES}
    near = nearest(re.sub(r"^standard[^a-z0-9]?", "", name.lower()), known, likeness=0.8)
    return known[near] if near else None


def _slot_faults(pool: Mapping[str, Any], size: VmSize, slots: int, spelling: Spelling) -> Iterator[ArgumentFault]:
    most = min(TASK_SLOTS_PER_NODE, TASK_SLOTS_PER_CORE * size.cores)
    node = f"{pool['vm_size']} has {size.cores} core{'s' if size.cores > 1 else ''}"
    if slots > most:
        limits = f"({TASK_SLOTS_PER_CORE} a core, {TASK_SLOTS_PER_NODE} in all)"
        text = f"is {slots}; {node}, for which Batch allows {most} {limits}"
        yield ArgumentFault(at=spelling("task_slots_per_node"), text=text)
    needed = pool.get("memory_gib_per_slot")
    if needed is not None and needed * slots > size.memory_gib:
        fitting = int(size.memory_gib / needed)
        text = (
            f"is {slots}, of {needed:g} GiB each; {pool['vm_size']} has {size.memory_gib:g} GiB, enough for {fitting}"
        )
        yield ArgumentFault(at=spelling("task_slots_per_node"), text=text)


def doubt(pool: Mapping[str, Any], spelling: Spelling) -> str | None:
    """Return a warning about an unknown size if a family has a similar one, or if its memory matters."""
    name = pool.get("vm_size")
    if not isinstance(name, str) or name.lower() in VM_SIZES:
        return None
    cores = re.sub(r"\D", " ", name).split()[0]
    pattern = name.lower().replace(cores, "{}", 1)
    if family := next((family for family in FAMILIES if family.pattern == pattern), None):
        nearest = min(family.cores, key=lambda known: abs(known - int(cores)))
        return f"VM size {name} is not known; did you mean {pattern.format(nearest)}?"
    if "memory_gib_per_slot" in pool:
        return f"VM size {name} is not known, so {spelling('memory_gib_per_slot')} cannot be checked"
    return None


def retired(pool: Mapping[str, Any], spelling: Spelling, today: date) -> Iterator[ArgumentFault]:
    """Yield a size that Azure has retired."""
    size = vm_size(pool)
    if size is not None and (reason := retirement_fault(size, today)):
        yield ArgumentFault(at=spelling("vm_size"), text=f"is {pool['vm_size']}; {reason}")


def retiring(pool: Mapping[str, Any], today: date) -> str | None:
    """Return a warning about a size that Azure retires soon."""
    size = vm_size(pool)
    return retirement_doubt(pool["vm_size"], size, today) if size is not None else None
