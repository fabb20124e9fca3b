"""The keys of a stack's Batch and storage accounts, listed by the ARM side of the service that the stack is in."""

from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shoal.arm import ArmError
from shoal.arm_access import arm_call
from shoal.environment import Environment
from shoal.errors import BadInput

BATCH_ARM_VERSION = "2025-06-01"
STORAGE_ARM_VERSION = "2023-05-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKeys:
    batch: str
    storage: str


def account_keys(environment: Environment) -> AccountKeys:
    """List the keys of both accounts. Raises BadInput, and AzureError where Azure refuses.

    Source: ARM, batchAccounts/listKeys and storageAccounts/listKeys.
    """
    batch = f"{environment.resource_group}/providers/Microsoft.Batch/batchAccounts/{environment.batch_account}"
    storage = (
        f"{environment.storage_resource_group}/providers/Microsoft.Storage/storageAccounts/"
        f"{environment.storage_account}"
    )
    return AccountKeys(
        batch=_keys(environment, batch, BATCH_ARM_VERSION)["primary"],
        storage=_keys(environment, storage, STORAGE_ARM_VERSION)["keys"][0]["value"],
    )


def _keys(environment: Environment, resource: str, version: str) -> dict[str, Any]:
    try:
        return arm_call(environment, "POST", f"resourceGroups/{resource}/listKeys", version)
    except (ArmError, ResourceNotFoundError) as exc:
        reason = exc if isinstance(exc, ArmError) else exc.message.splitlines()[0]
        raise BadInput(f"{resource} has no keys at {environment.arm_endpoint} ({reason}); run `shoal up`") from exc
