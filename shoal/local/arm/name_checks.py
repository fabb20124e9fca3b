"""Names of accounts, asked for before a PUT: Batch's in a location, Storage's in the subscription.

Source: Microsoft.Batch, Location - Check Name Availability and Get Quotas; Microsoft.Storage, Storage Accounts - Check
Name Availability.
"""

from shoal.azure.id_patterns import ACCOUNT_NAME
from shoal.local import accounts
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import arm_failures, batch_accounts
from shoal.local.arm.arm_call import ArmCall, ResourceKind, resource
from shoal.local.store.account import Account

ACCOUNT_QUOTA = 50
"""Batch accounts per region, the most that Azure grants; not enforced.

Source: Learn, "Batch service quotas and limits".
"""


async def check_batch_account(call: ArmCall) -> Answer:
    body = call.body()
    ARM.normalize("CheckNameAvailabilityParameters", body, call.version)
    return _availability(body["name"], taken=Account.find(call.service.connection, body["name"]) is not None)


async def check_storage_account(call: ArmCall) -> Answer:
    body = call.body()
    for name in ("name", "type"):
        if not isinstance(body.get(name), str):
            raise arm_failures.invalid_content(f"the required property {name} is missing")
    return _availability(body["name"], taken=body["name"] in accounts.storage_keys(call.service.connection))


async def quotas(_call: ArmCall) -> Answer:
    """Answer with the number of Batch accounts that a subscription may have in the location."""
    return resource({"accountQuota": ACCOUNT_QUOTA})


def _availability(name: str, *, taken: bool) -> Answer:
    if not ACCOUNT_NAME.pattern.fullmatch(name) or name in batch_accounts.RESERVED:
        text = f"{name} is not a valid name: 3 to 24 lower-case letters and digits."
        return resource({"nameAvailable": False, "reason": "Invalid", "message": text})
    if taken:
        text = f"An account named {name} is already in use."
        return resource({"nameAvailable": False, "reason": "AlreadyExists", "message": text})
    return resource({"nameAvailable": True})


KINDS = (
    ResourceKind(type="Microsoft.Batch/locations", verbs={}, actions={"checknameavailability": check_batch_account}),
    ResourceKind(type="Microsoft.Batch/locations/quotas", verbs={}, listing=quotas),
    ResourceKind(type="Microsoft.Storage", verbs={}, actions={"checknameavailability": check_storage_account}),
)
