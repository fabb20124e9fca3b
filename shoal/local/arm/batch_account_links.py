"""The network of a Batch account: sub-resources that can have a private link, connected endpoints, needed addresses.

Source: answers recorded in the tests of azure-cli, api-version 2024-02-01.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from shoal.local import errors
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import arm_failures, private_link_states, records
from shoal.local.arm.arm_call import ArmCall, Handler, JsonObject, ResourceKind, collection, resource, weak_etag
from shoal.local.arm.ids import parse
from shoal.local.arm.private_link_states import STATE
from shoal.local.scheduler.loop import Transaction

ENDPOINT = "Microsoft.Network/privateEndpoints"
WITH_NODE_MANAGEMENT = "2022-06-01"
SUB_RESOURCES = {"batchAccount": "", "nodeManagement": WITH_NODE_MANAGEMENT}
"""Sub-resources that can have a private link, each with the first api-version that has it."""
ZONE = "privatelink.batch.azure.com"
RESOURCES = "Microsoft.Batch/batchAccounts/privateLinkResources"
CONNECTIONS = "Microsoft.Batch/batchAccounts/privateEndpointConnections"
OUTBOUND = "Microsoft.Batch/batchAccounts/outboundNetworkDependenciesEndpoints"


def connections(connection: sqlite3.Connection, account: str) -> list[JsonObject]:
    """Return the connections of the account with this id: one for each private endpoint that leads to it."""
    return [_connection(connection, account, endpoint, link) for endpoint, link in _links(connection, account)]


def _links(connection: sqlite3.Connection, account: str) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Yield the endpoints that are connected to an account, each with the properties of its connection."""
    for endpoint in records.below(connection, f"/subscriptions/{account.split('/')[2]}", ENDPOINT):
        for link in private_link_states.links(endpoint):
            if link["privateLinkServiceId"].lower() == account.lower() and private_link_states.is_connected(link):
                yield endpoint, link


def _connection(connection: sqlite3.Connection, account: str, endpoint: JsonObject, link: JsonObject) -> JsonObject:
    name = _name(endpoint)
    return {
        "id": f"{account}/privateEndpointConnections/{name}",
        "name": name,
        "type": CONNECTIONS,
        "etag": weak_etag(records.last_changed(connection, endpoint["id"])),
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint["id"]},
            "groupIds": link["groupIds"],
            STATE: link[STATE],
        },
    }


def _name(endpoint: JsonObject) -> str:
    return f"{endpoint['name']}.{uuid.uuid5(uuid.NAMESPACE_URL, endpoint['id'].lower())}"


def _sub_resources(account: str, version: str) -> Iterator[JsonObject]:
    """Yield the sub-resources. Before there were two, the one had the name of its account."""
    for group in (group for group, since in SUB_RESOURCES.items() if version >= since):
        name = group if version >= WITH_NODE_MANAGEMENT else account.rpartition("/")[2]
        yield {
            "id": f"{account}/privateLinkResources/{name}",
            "name": name,
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


async def answer_connection(call: ArmCall) -> Answer:
    """Approve or reject the connection of the request, as its body says."""
    body = call.body()
    ARM.normalize("PrivateEndpointConnection", body, call.version)
    given = records.properties(body).get(STATE)
    if given is None:
        raise errors.missing_property(f"properties.{STATE}")
    await _change_state(call, lambda state: private_link_states.answered(state, given))
    (changed,) = (each for each in _of_the_account(call) if each["name"].lower() == call.target.name.lower())
    updating = {**changed, "properties": {**changed["properties"], "provisioningState": "Updating"}}
    return resource(updating, 202, headers={"ETag": changed["etag"]})


async def delete(call: ArmCall) -> Answer:
    """Disconnect the account from an endpoint, which stays."""
    is_there = await _change_state(call, lambda _: dict(private_link_states.DISCONNECTED), missing_ok=True)
    return Answer(status=202 if is_there else 204)


async def _change_state(
    call: ArmCall, changed: Callable[[JsonObject], JsonObject], *, missing_ok: bool = False
) -> bool:
    """Change the state of the connection of the request. Return False where it is not there and need not be."""

    def change(tx: Transaction) -> bool:
        account = records.require(tx.connection, parse(call.target.parent))["id"]
        for endpoint, link in list(_links(tx.connection, account)):
            if _name(endpoint).lower() == call.target.name.lower():
                link[STATE] = changed(link[STATE])
                records.keep(tx, ENDPOINT, endpoint)
                return True
        if missing_ok:
            return False
        raise arm_failures.not_found(call.target.path)

    return await call.service.loop.change(change)


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
    ResourceKind(
        type=CONNECTIONS,
        verbs={**VERBS, "PUT": answer_connection, "PATCH": answer_connection, "DELETE": delete},
        listing=listing,
    ),
    ResourceKind(type=OUTBOUND, verbs={}, listing=outbound),
)
