"""The software of a pool's nodes, as far as the pool names it: image, start task, packages."""

from typing import Any

import orjson

from shoal.connect import Services

_PARTS = ("virtualMachineConfiguration", "startTask", "applicationPackageReferences")


def installed_software(services: Services, pool_id: str) -> str:
    """Return a text that differs between pools whose nodes may give other results."""
    pool = services.batch.get_pool(pool_id, select=["id", *_PARTS]).as_dict()
    machine, start = pool.get("virtualMachineConfiguration") or {}, pool.get("startTask") or {}
    parts: list[Any] = [
        machine.get("imageReference"),
        (machine.get("containerConfiguration") or {}).get("containerImageNames"),
        start.get("commandLine"),
        pool.get("applicationPackageReferences"),
    ]
    return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode()
