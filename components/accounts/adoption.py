"""Accounts that exist already, adopted by id: they are read and checked, and never changed or deleted."""

from dataclasses import dataclass, replace

import pulumi
from pulumi_azure_native import authorization, batch, resources, storage

from shoal.azure.id_patterns import BATCH_ACCOUNT, GROUP, STORAGE_ACCOUNT, ArmId, arm_id
from shoal.environment import Authentication

from ..component_errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The properties that a stack needs of an account."""

    authentication: Authentication
    location: str | None = None
    """Region of its pools, where it is known."""
    has_packages: bool = False
    """The account must be able to keep application packages."""


def require_accounts(
    batch_account_id: str | None, storage_account_id: str | None, needs: Needs, *, parent: pulumi.Resource
) -> bool:
    """Check the accounts that are given. Return True if the storage account is closed to some networks.

    Raises SettingsError with what the stack needs and an account lacks.
    """
    if batch_account_id:
        account = find_batch_account(batch_account_id, needs, parent=parent)
        if needs.has_packages and account.auto_storage:
            _require_package_storage(account, account.auto_storage.storage_account_id, parent)
    if not storage_account_id:
        return False
    # A Batch account that is adopted too keeps packages where it has always kept them.
    needs = replace(needs, has_packages=not batch_account_id)
    return _is_closed(find_storage_account(storage_account_id, needs, parent=parent))


def find_resource_group(id_: str, *, parent: pulumi.Resource) -> resources.GetResourceGroupResult:
    """Return the resource group. Raises SettingsError where the id is none, or of another subscription."""
    target = _reachable(id_, GROUP, parent)
    return resources.get_resource_group(resource_group_name=target.group, opts=pulumi.InvokeOptions(parent=parent))


def find_batch_account(id_: str, needs: Needs, *, parent: pulumi.Resource) -> batch.GetBatchAccountResult:
    """Return the account. Raises SettingsError with what the stack needs and it lacks."""
    target = _reachable(id_, BATCH_ACCOUNT, parent)
    account = batch.get_batch_account(
        account_name=target.name, resource_group_name=target.group, opts=pulumi.InvokeOptions(parent=parent)
    )
    if lacking := _lacking_in_batch(account, needs):
        raise SettingsError(f"Batch account {account.name} {lacking}")
    return account


def find_storage_account(id_: str, needs: Needs, *, parent: pulumi.Resource) -> storage.GetStorageAccountResult:
    """Return the account. Raises SettingsError with what the stack needs and it lacks."""
    target = _reachable(id_, STORAGE_ACCOUNT, parent)
    account = storage.get_storage_account(
        account_name=target.name, resource_group_name=target.group, opts=pulumi.InvokeOptions(parent=parent)
    )
    if lacking := _lacking_in_storage(account, needs):
        raise SettingsError(f"storage account {account.name} {lacking}")
    return account


def _require_package_storage(account: batch.GetBatchAccountResult, id_: str, parent: pulumi.Resource) -> None:
    """Check the auto-storage of an adopted account, where the stack's packages go. Raises SettingsError."""
    target = _reachable(id_, STORAGE_ACCOUNT, parent)
    kept = storage.get_storage_account(
        account_name=target.name, resource_group_name=target.group, opts=pulumi.InvokeOptions(parent=parent)
    )
    if kept.is_hns_enabled:
        hindrance = "a hierarchical namespace"
    elif _is_closed(kept):
        hindrance = "network rules, or no public network access"
    else:
        return
    raise SettingsError(
        f"batchAccountId names {account.name}, whose auto-storage {target.name} has {hindrance}, so Batch can keep no "
        "packages there (Learn, Batch application packages, 2026-11); link an open storage account to it that is used "
        "by identity and holds nothing else, leave batchAccountId out, or declare no packages"
    )


def _is_closed(account: storage.GetStorageAccountResult) -> bool:
    """Source: Storage REST, `defaultAction` Allow and `publicNetworkAccess` Enabled are the defaults."""
    rules = account.network_rule_set
    denies = rules is not None and rules.default_action != storage.DefaultAction.ALLOW
    return denies or account.public_network_access not in (None, storage.PublicNetworkAccess.ENABLED)


def _reachable(id_: str, kind: str, parent: pulumi.Resource) -> ArmId:
    """Return the parts of an id in the stack's own subscription, where the provider makes everything.

    Raises SettingsError.
    """
    target = arm_id(id_, kind)
    assert target is not None  # its form is checked with the component's other arguments
    own = authorization.get_client_config(opts=pulumi.InvokeOptions(parent=parent)).subscription_id
    if target.subscription.lower() != own.lower():
        raise SettingsError(
            f"{id_} is in another subscription than the stack, which is in {own}; "
            f"set azure-native:subscriptionId to {target.subscription}, or adopt what is in the stack's"
        )
    return target


def _lacking_in_batch(account: batch.GetBatchAccountResult, needs: Needs) -> str | None:
    modes = account.allowed_authentication_modes
    mode = "SharedKey" if needs.authentication == Authentication.SHARED_KEY else "AAD"
    if needs.location is not None and _region(account.location) != _region(needs.location):
        return (
            f"is in {account.location} and the stack in {needs.location}, where its pools would not be; "
            f"set location to {account.location}"
        )
    if mode not in modes:
        return (
            f"accepts {' and '.join(modes) or 'nobody'}, and authentication {needs.authentication} means {mode}; "
            "allow it there, or change the key"
        )
    if needs.has_packages and not account.auto_storage:
        return "has no auto-storage, where packages would be kept; link a storage account to it, or declare no packages"
    return None


def _lacking_in_storage(account: storage.GetStorageAccountResult, needs: Needs) -> str | None:
    if account.kind == storage.Kind.FILE_STORAGE:
        return f"is of kind {account.kind}, which has no blobs; adopt another"
    if needs.has_packages and account.is_hns_enabled:
        return (
            "has a hierarchical namespace, and Batch keeps no packages in such a one; adopt another, or adopt a Batch "
            "account that has an auto-storage of its own"
        )
    # An account that says nothing takes keys: that is Azure's default.
    if needs.authentication == Authentication.SHARED_KEY and account.allow_shared_key_access is False:
        return "takes no keys, and authentication is shared_key; allow them there, or change the key"
    return None


def _region(location: str) -> str:
    return location.replace(" ", "").lower()  # Azure writes westeurope and West Europe alike
