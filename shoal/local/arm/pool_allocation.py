"""Accounts whose pools lie in their owner's subscription: a key vault, no keys, and no core quotas of their own.

Source: ARM reference of Batch accounts, poolAllocationMode, keyVaultReference and the quotas that are "not returned";
answers recorded in the tests of azure-cli, azure-mgmt-batch and azure-sdk-for-node, 2019-08-01 to 2024-02-01.
"""

import re
from collections.abc import Mapping
from typing import Any

from shoal.local.arm import arm_failures

JsonObject = dict[str, Any]

USER_SUBSCRIPTION = "UserSubscription"
BATCH_SERVICE = "BatchService"
SHARED_KEY = "SharedKey"
WITHOUT_KEYS = ["AAD", "TaskAuthenticationToken"]
ALL_MODES = [SHARED_KEY, *WITHOUT_KEYS]
CORE_QUOTAS = ("dedicatedCoreQuota", "dedicatedCoreQuotaPerVMFamily", "lowPriorityCoreQuota")
VAULT = "properties.keyVaultReference.id"
RESOURCE_ID = re.compile(r"/(subscriptions|providers)/.+", re.IGNORECASE)


def completed(given: JsonObject, old: Mapping[str, Any] | None) -> JsonObject:
    """Return the properties of an account with its allocation mode, which never changes. Raises BatchError."""
    before = (old or {}).get("poolAllocationMode")
    mode = given.get("poolAllocationMode") or before or BATCH_SERVICE
    if before not in (None, mode):
        raise arm_failures.fixed_property_given("poolAllocationMode")
    _check_vault(given)
    if mode == BATCH_SERVICE:
        return {"allowedAuthenticationModes": ALL_MODES, **given, "poolAllocationMode": mode}
    check_modes(mode, given)
    kept = {"keyVaultReference": old["keyVaultReference"]} if old else {}
    return {"allowedAuthenticationModes": WITHOUT_KEYS, **kept, **given, "poolAllocationMode": mode}


def check_modes(mode: str, given: Mapping[str, Any]) -> None:
    """Raises BatchError where an account of a user's subscription is to allow keys."""
    if mode == USER_SUBSCRIPTION and SHARED_KEY in (given.get("allowedAuthenticationModes") or ()):
        raise arm_failures.keys_in_user_subscription()


def has_keys(properties: Mapping[str, Any]) -> bool:
    return bool(properties["poolAllocationMode"] != USER_SUBSCRIPTION)


def quotas(properties: Mapping[str, Any], quotas: JsonObject) -> JsonObject:
    """Return the quotas that an account has: those of cores are its subscription's where its pools lie there."""
    return quotas if has_keys(properties) else {k: v for k, v in quotas.items() if k not in CORE_QUOTAS}


def _check_vault(given: Mapping[str, Any]) -> None:
    vault = given.get("keyVaultReference")
    if given.get("poolAllocationMode") == USER_SUBSCRIPTION and not vault:
        raise arm_failures.key_vault_missing()
    if vault and not RESOURCE_ID.fullmatch(vault["id"]):
        raise arm_failures.linked_id_invalid(VAULT, vault["id"])
