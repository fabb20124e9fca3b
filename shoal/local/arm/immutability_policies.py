"""Time-based immutability of a container: checked and kept, and in the way of ARM only. The emulator overwrites and
deletes blobs as ever."""

import secrets

from shoal.azure.limits import IMMUTABILITY_DAYS
from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described, resource
from shoal.local.scheduler.loop import Transaction

TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"


def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    if call.target.name != "default":
        raise arm_failures.invalid_name("an immutability policy", call.target.name, "it can only be 'default'")
    given = records.properties(body)
    days = given.get("immutabilityPeriodSinceCreationInDays")
    if not isinstance(days, int) or not 1 <= days <= IMMUTABILITY_DAYS:
        raise arm_failures.invalid_content(
            f"immutabilityPeriodSinceCreationInDays must be between 1 and {IMMUTABILITY_DAYS}"
        )
    expected = call.headers.get("if-match", "*")
    if expected != "*" and (old is None or expected != old["etag"]):
        raise arm_failures.wrong_etag_of_policy()
    return described(
        call.target, TYPE, {"etag": f'"{secrets.token_hex(8)}"', "properties": {**given, "state": "Unlocked"}}
    )


async def delete(call: ArmCall) -> Answer:
    """Source: azure-rest-api, BlobContainers_DeleteImmutabilityPolicy: only with the policy's own ETag."""

    def change(tx: Transaction) -> JsonObject:
        policy = records.require(tx.connection, call.target)
        if call.headers.get("if-match") != policy["etag"]:
            raise arm_failures.wrong_etag_of_policy()
        records.forget(tx, call.target.path)
        return {**policy, "properties": {"immutabilityPeriodSinceCreationInDays": 0, "state": "Unlocked"}}

    return resource(await call.service.loop.change(change))


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete, created=200), "GET": records.getter(), "DELETE": delete},
)
