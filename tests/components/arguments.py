"""The least that each component must be given."""

from typing import Any

import pulumi

from components import (
    ApplicationPackage,
    BatchAccount,
    Environment,
    JobStorage,
    Monitoring,
    PackageStorage,
    PrivateLinks,
    PrivateNetwork,
    SpotPool,
)

SITE = {"resource_group_name": "group", "location": "westeurope"}
CONTAINERS = {f"{role}_container_id": f"/store/{role}" for role in ("inputs", "outputs", "logs")}
LEAST: dict[type[pulumi.ComponentResource], dict[str, Any]] = {
    ApplicationPackage: {
        "resource_group_name": "group",
        "account_name": "account",
        "application_name": "var",
        "directory": "app",
    },
    BatchAccount: {
        **SITE,
        **CONTAINERS,
        "account_name": "account",
        "authentication": "entra",
        "storage_account_id": "/store",
    },
    Environment: {
        "location": "westeurope",
        "resource_group": "",
        "batch_account": "",
        "storage_account": "",
        "authentication": "entra",
        "outputs_expire_after_days": 30,
        "deployers": [],
        "submitters": [],
        "packages": [],
        "pools": [],
    },
    JobStorage: {**SITE, "account_name": "store", "authentication": "entra", "outputs_expire_after_days": 30},
    Monitoring: {
        **SITE,
        "emails": ["a@example.com"],
        "resource_group_id": "/group",
        "batch_account_id": "/account",
        "storage_account_id": "/store",
        "dedicated_core_quota": None,
        "low_priority_core_quota": 10,
    },
    PackageStorage: {**SITE, "account_name": "packages"},
    PrivateLinks: {
        **SITE,
        "vnet_id": "/vnet",
        "endpoint_subnet_id": "/endpoints",
        "subnet_id": "/nodes",
        "batch_account_id": "/account",
        "storage_account_id": "/store",
    },
    PrivateNetwork: SITE,
    SpotPool: {
        "resource_group_name": "group",
        "account_name": "account",
        "pool_name": "spot",
        "vm_size": "standard_d4s_v3",
        "image": "ubuntu-24.04",
    },
}
