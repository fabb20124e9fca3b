"""Subscriptions and the tenant: whichever id is used in a path is a subscription; the list has those in use.

Source: ARM, Subscriptions - Get and List, Tenants - List, api-version 2022-12-01.
"""

from shoal.local.api.calls import Answer
from shoal.local.arm import groups, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection, resource
from shoal.local.arm.ids import GROUPS, SUBSCRIPTIONS
from shoal.local.identity.tokens import TENANT

NAME = "Embedded Batch service"


def view(subscription: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "tenantId": TENANT,
        "displayName": NAME,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


async def get(call: ArmCall) -> Answer:
    return resource(view(call.target.name))


async def every(call: ArmCall) -> Answer:
    used = {group["id"].split("/")[2] for group in records.below(call.service.connection, "", GROUPS)}
    return collection(view(subscription) for subscription in sorted({groups.SUBSCRIPTION, *used}))


async def tenants(_call: ArmCall) -> Answer:
    tenant = {"id": f"/tenants/{TENANT}", "tenantId": TENANT, "displayName": NAME, "tenantCategory": "Home"}
    return collection([tenant])


KINDS = (
    ResourceKind(type=SUBSCRIPTIONS, verbs={"GET": get}, listing=every),
    ResourceKind(type="Microsoft.Resources/tenants", verbs={}, listing=tenants),
)
