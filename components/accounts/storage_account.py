"""A storage account as every one of a stack is: no public blobs, TLS 1.2, no copies in other tenants."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import storage

from ..tags import Tags


class StorageSku(StrEnum):
    """Number and place of the copies that Azure keeps."""

    LOCAL = "Standard_LRS"
    """Three copies in one data centre."""
    ZONES = "Standard_ZRS"
    """Three copies in three zones."""


class StorageSite(TypedDict):
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    sku: NotRequired[StorageSku]
    tags: NotRequired[Tags]


def storage_account(
    name: str,
    account_name: pulumi.Input[str],
    site: StorageSite,
    *,
    accepts_keys: bool,
    is_public: bool,
    rules: storage.NetworkRuleSetArgsDict,
    parent: pulumi.Resource,
) -> storage.StorageAccount:
    access = storage.PublicNetworkAccess
    return storage.StorageAccount(
        name,
        resource_group_name=site["resource_group_name"],
        location=site["location"],
        account_name=account_name,
        kind=storage.Kind.STORAGE_V2,
        sku={"name": site.get("sku", StorageSku.LOCAL)},
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=accepts_keys,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=access.ENABLED if is_public else access.DISABLED,
        network_rule_set=rules,
        tags=site.get("tags"),
        opts=pulumi.ResourceOptions(parent=parent),
    )
