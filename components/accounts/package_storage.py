"""A storage account for application packages alone, beside job storage that is closed to the network.

Source: Learn, "Deploy applications to compute nodes with Batch application packages": no packages on storage accounts
with firewall rules or a hierarchical namespace; Azure Storage's lists of trusted services, which Batch is not in
(read 2026-11).
"""

from typing import NotRequired, TypedDict

import pulumi

from ..argument_types import AccountName
from ..component import checked, outputs
from ..tags import Tags
from .network_rules import storage_rules
from .storage_account import StorageSku, storage_account


class PackageStorageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Resource group of the account."""
    location: pulumi.Input[str]
    """Azure region of the account."""
    account_name: pulumi.Input[AccountName]
    """Name of the account: 3 to 24 lower-case letters and digits."""
    sku: NotRequired[StorageSku]
    """Number and place of the copies that Azure keeps; Standard_LRS unless given."""
    tags: NotRequired[Tags]
    """Tags of the account."""


class PackageStorage(pulumi.ComponentResource):
    """A storage account that every network reaches and no key opens: callers need a token and a role."""

    account_id: pulumi.Output[str]
    """ARM id of the account."""
    account_name: pulumi.Output[str]
    """Name of the account."""

    def __init__(self, name: str, args: PackageStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, PackageStorageArgs, args)
        super().__init__("shoal:index:PackageStorage", name, None, opts)
        account = storage_account(
            f"{name}-account",
            args["account_name"],
            args,
            accepts_keys=False,
            is_public=True,
            rules=storage_rules([], []),
            parent=self,
        )
        self.account_id = account.id
        self.account_name = account.name
        self.register_outputs(outputs(self))
