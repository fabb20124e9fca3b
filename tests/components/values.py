"""The configuration of a stack as Pulumi hands it over, defaults applied."""

import json
from collections.abc import Sequence
from typing import Any

SCALED: dict[str, Any] = {"name": "spot", "vmSize": "standard_d2s_v3", "image": "ubuntu-24.04"}
POOL: dict[str, Any] = {**SCALED, "spotNodes": 3}


def given(*, pools: Sequence[dict[str, Any]] | str = (POOL,), **values: str) -> dict[str, str]:
    return {
        "service": "embedded",
        "authentication": "shared_key",
        "location": "westeurope",
        "resourceGroup": "",
        "batchAccount": "",
        "storageAccount": "",
        "outputsExpireAfterDays": "30",
        "resourceGroupId": "",
        "batchAccountId": "",
        "storageAccountId": "",
        "storageSku": "Standard_LRS",
        "softDeleteDays": "7",
        "inputsImmutableForDays": "0",
        "allowedAddresses": "[]",
        "allowedSubnets": "[]",
        "tags": "{}",
        "deployers": "[]",
        "submitters": "[]",
        "jobSchedules": "false",
        "jobs": "[]",
        "packages": json.dumps([{"name": "var", "directory": "app"}]),
        "network": "{}",
        "monitoring": "{}",
        "pools": pools if isinstance(pools, str) else json.dumps(pools),
        **values,
    }
