"""The resources that exist before anything is deployed: the group `shoal`, with the default accounts in it."""

from typing import TYPE_CHECKING

from shoal.local import accounts
from shoal.local.arm import batch_accounts, groups, records, storage_accounts
from shoal.local.arm.arm_call import ArmCall
from shoal.local.arm.ids import GROUPS, parse
from shoal.local.scheduler.loop import Transaction

if TYPE_CHECKING:
    from shoal.local.service import Service

LOCATION = "local"
VERSION = "2024-07-01"
"""The api-version of the bodies below."""
STORAGE = f"{groups.DEFAULT_GROUP}/providers/{storage_accounts.TYPE}/{accounts.DEFAULT_STORAGE_ACCOUNT}"
ACCOUNT = f"{groups.DEFAULT_GROUP}/providers/{batch_accounts.TYPE}/{accounts.DEFAULT_ACCOUNT}"


async def ensure(service: "Service") -> None:
    """Keep the records that PUT requests for them would leave."""
    storage = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    account = {"location": LOCATION, "properties": {"autoStorage": {"storageAccountId": STORAGE}}}

    def change(tx: Transaction) -> None:
        for kind, path, body, complete in (
            (GROUPS, groups.DEFAULT_GROUP, {"location": LOCATION}, groups.complete),
            (storage_accounts.TYPE, STORAGE, storage, storage_accounts.complete),
            (batch_accounts.TYPE, ACCOUNT, account, batch_accounts.complete),
        ):
            target = parse(path)
            call = ArmCall(service=service, method="PUT", target=target, version=VERSION, headers={}, content=b"")
            records.keep(tx, kind, complete(call, dict(body), None))

    await service.loop.change(change)
