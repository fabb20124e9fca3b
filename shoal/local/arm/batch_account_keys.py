"""The keys of Batch accounts: listed, and made anew one at a time so that clients can change over."""

from shoal.local import accounts
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, resource


async def list_keys(call: ArmCall) -> Answer:
    primary, secondary = _keys(call)
    return resource({"accountName": call.target.name, "primary": primary, "secondary": secondary})


async def regenerate_keys(call: ArmCall) -> Answer:
    """Replace one key; requests that are signed with the earlier one are refused from now on."""
    body = call.body()
    ARM.normalize("BatchAccountRegenerateKeyParameters", body, call.version)
    _keys(call)
    column = {"Primary": "primary_key", "Secondary": "secondary_key"}[body["keyName"]]
    sql = f"UPDATE accounts SET {column} = ? WHERE name = ?"
    await call.service.loop.change(lambda tx: tx.run(sql, accounts.make_key(), call.target.name))
    return await list_keys(call)


def _keys(call: ArmCall) -> tuple[str, str]:
    """Raises BatchError where there is no such account, or where it has no keys."""
    records.require(call.service.connection, call.target)
    keys = call.service.account_keys(call.target.name)
    if not any(keys):
        raise arm_failures.no_keys(call.target.name)
    return keys


async def synchronize_auto_storage_keys(call: ArmCall) -> Answer:
    """Answer only: the service reads the key of auto-storage each time that it needs it."""
    records.require(call.service.connection, call.target)
    return Answer(status=204)


ACTIONS = {
    "listkeys": list_keys,
    "regeneratekeys": regenerate_keys,
    "syncautostoragekeys": synchronize_auto_storage_keys,
}
