"""The network of a Batch account: sub-resources that can have a private link, connected endpoints, needed addresses.

Source: answers recorded in the tests of azure-cli, api-version 2024-02-01.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, Handler, JsonObject, ResourceKind, collection, resource, weak_etag
from shoal.local.arm.ids import parse

ENDPOINT = "Microsoft.Network/privateEndpoints"
SUB_RESOURCES = {"batchAccount": "", "nodeManagement": "2022-06-01"}
"""Sub-resources that can have a private link, each with the first api-version that has it."""
APPROVED = {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}
ZONE = "privatelink.batch.azure.com"
RESOURCES = "Microsoft.Batch/batchAccounts/privateLinkResources"
CONNECTIONS = "Microsoft.Batch/batchAccounts/privateEndpointConnections"
OUTBOUND = "Microsoft.Batch/batchAccounts/outboundNetworkDependenciesEndpoints"


def connections(connection: sqlite3.Connection, account: str) -> list[JsonObject]:
    """Return the connections of the account with this id: one for each private endpoint that leads to it."""
    return [
        _connection(connection, account, endpoint, link)
        for endpoint in records.below(connection, f"/subscriptions/{account.split('/')[2]}", ENDPOINT)
        for link in endpoint["properties"]["privateLinkServiceConnections"]
        if link["properties"]["privateLinkServiceId"].lower() == account.lower()
    ]


def _connection(connection: sqlite3.Connection, account: str, endpoint: JsonObject, link: JsonObject) -> JsonObject:
    name = f"{endpoint['name']}.{uuid.uuid5(uuid.NAMESPACE_URL, endpoint['id'].lower())}"
    return {
        "id": f"{account}/privateEndpointConnections/{name}",
        "name": name,
        "type": CONNECTIONS,
        "etag": weak_etag(records.last_changed(connection, endpoint["id"])),
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint["id"]},
            "groupIds": link["properties"]["groupIds"],
            "privateLinkServiceConnectionState": APPROVED,
        },
    }


def _sub_resources(account: str, version: str) -> Iterator[JsonObject]:
    for group in (group for group, since in SUB_RESOURCES.items() if version >= since):
        yield {
            "id": f"{account}/privateLinkResources/{group}",
            "name": group,
            "type": RESOURCES,
            "properties": {"groupId": group, "requiredMembers": [group], "requiredZoneNames": [ZONE]},
        }


def _of_the_account(call: ArmCall) -> list[JsonObject]:
    """Return the resources of the requested type below the account. Raises BatchError where there is no account."""
    account = call.target.parent if call.target.is_item else call.target.owner
    path = records.require(call.service.connection, parse(account))["id"]
    if call.target.type.lower() == RESOURCES.lower():
        return list(_sub_resources(path, call.version))
    return connections(call.service.connection, path)


async def listing(call: ArmCall) -> Answer:
    return collection(_of_the_account(call))


async def get(call: ArmCall) -> Answer:
    for body in _of_the_account(call):
        if body["name"].lower() == call.target.name.lower():
            return resource(body, headers={"ETag": body["etag"]} if "etag" in body else {})
    raise arm_failures.not_found(call.target.path)


async def outbound(call: ArmCall) -> Answer:
    """List the addresses that nodes need: those of this service and of its storage."""
    records.require(call.service.connection, parse(call.target.owner))
    batch = _dependency("Azure Batch", call.service.url, "Any task that makes calls to Batch.")
    storage = _dependency("Azure Storage", call.service.storage.endpoint, "Files and packages of tasks.")
    return collection([batch, storage])


def _dependency(category: str, url: str, description: str) -> JsonObject:
    address = urlsplit(url)
    endpoint = {"domainName": address.hostname, "description": description, "endpointDetails": [{"port": address.port}]}
    return {"category": category, "endpoints": [endpoint]}


VERBS: dict[str, Handler] = {"GET": get}
KINDS = (
    ResourceKind(type=RESOURCES, verbs=VERBS, listing=listing),
    ResourceKind(type=CONNECTIONS, verbs=VERBS, listing=listing),
    ResourceKind(type=OUTBOUND, verbs={}, listing=outbound),
)
