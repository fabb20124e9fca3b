"""Virtual networks and their subnets: kept as records, a subnet as one of its own wherever it was declared.

A PUT of a network without subnets leaves those that it has, as azure-native makes Azure do. No node is in one.
"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, records, resource_rules
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, resource
from shoal.local.arm.ids import parse
from shoal.local.arm.networks import GATEWAY, SECURITY_GROUP, state
from shoal.local.arm.resource_rules import Rules, require_free
from shoal.local.scheduler.loop import Transaction
from shoal.local.service import Service

TYPE = "Microsoft.Network/virtualNetworks"
SUBNET = f"{TYPE}/subnets"
HELD = "InUseSubnetCannotBeDeleted"
Network = IPv4Network | IPv6Network

RULES = Rules(
    type=TYPE,
    required=("properties.addressSpace", "properties.addressSpace.addressPrefixes", "properties.subnets[].name"),
    types={
        "properties.addressSpace.addressPrefixes": list,
        "properties.subnets[].name": str,
        "properties.subnets[].properties": dict,
    },
    answers=state,
    held=HELD,
)
SUBNET_RULES = Rules(
    type=SUBNET,
    located=False,
    types={"properties.addressPrefix": str, "properties.addressPrefixes": list},
    references={
        "properties.networkSecurityGroup.id": SECURITY_GROUP,
        "properties.natGateway.id": GATEWAY,
    },
    answers=state,
    held=HELD,
)
complete_network = resource_rules.completer(RULES)
complete_subnet = resource_rules.completer(SUBNET_RULES)


async def put(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> JsonObject:
        records.require_parent(tx.connection, call.target)
        body = complete_network(call, call.body(), records.find(tx.connection, call.target.path))
        there = {subnet["id"].lower(): subnet for subnet in records.below(tx.connection, call.target.path, SUBNET)}
        given = body["properties"].pop("subnets", None)
        subnets = there if given is None else {one["id"].lower(): one for one in _inline(call, given)}
        check_subnets(_space(body), {one["name"]: prefix(one) for one in subnets.values()})
        body["properties"]["subnets"] = [one["name"] for one in subnets.values()]
        records.keep(tx, TYPE, body)
        for id_ in there.keys() - subnets.keys():
            require_free(tx.connection, there[id_]["id"], HELD)
            records.forget(tx, there[id_]["id"])
        for subnet in subnets.values():
            records.keep(tx, SUBNET, subnet)
        return body

    return resource(view(call.service, await call.service.loop.change(change)))


def view(service: Service, body: JsonObject) -> JsonObject:
    """Return the network with its subnets, those of its own declaration first and in that order."""
    order = body["properties"]["subnets"]
    there = records.below(service.connection, body["id"], SUBNET)
    subnets = sorted(there, key=lambda one: order.index(one["name"]) if one["name"] in order else len(order))
    return {**body, "properties": {**body["properties"], "subnets": subnets}}


def _inline(call: ArmCall, subnets: list[JsonObject]) -> list[JsonObject]:
    targets = [parse(f"{call.target.path}/subnets/{subnet['name']}") for subnet in subnets]
    return [
        complete_subnet(replace(call, target=target), {"properties": subnet.get("properties") or {}}, None)
        for target, subnet in zip(targets, subnets, strict=True)
    ]


async def put_subnet(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> JsonObject:
        records.require_parent(tx.connection, call.target)
        network = records.require(tx.connection, parse(call.target.parent))
        body = complete_subnet(call, call.body(), records.find(tx.connection, call.target.path))
        beside = {one["name"]: prefix(one) for one in records.below(tx.connection, network["id"], SUBNET)}
        check_subnets(_space(network), {**beside, body["name"]: prefix(body)})
        records.keep(tx, SUBNET, body)
        return body

    return resource(await call.service.loop.change(change))


def check_subnets(space: list[Network], subnets: Mapping[str, Network]) -> None:
    """Raises BatchError where one is outside of the network, or two of them overlap."""
    for name, own in subnets.items():
        if not any(own.version == part.version and _within(own, part) for part in space):
            raise arm_failures.invalid("NetcfgInvalidSubnet", f"Subnet '{name}' is not in the network's address space.")
        for other, others in subnets.items():
            if other != name and own.overlaps(others):
                raise arm_failures.invalid("NetcfgSubnetRangesOverlap", f"Subnets '{name}' and '{other}' overlap.")


def _within(inner: Network, outer: Network) -> bool:
    return inner.network_address in outer and inner.broadcast_address in outer


def prefix(subnet: JsonObject) -> Network:
    """Raises BatchError where the subnet does not say its addresses."""
    given = subnet["properties"]
    prefixes = [given["addressPrefix"]] if given.get("addressPrefix") else given.get("addressPrefixes") or []
    if len(prefixes) != 1:
        raise arm_failures.invalid_content(f"subnet {subnet['name']} must have one addressPrefix")
    return _parsed(prefixes[0])


def _space(network: JsonObject) -> list[Network]:
    return [_parsed(text) for text in network["properties"]["addressSpace"]["addressPrefixes"]]


def _parsed(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as exc:
        raise arm_failures.invalid("InvalidCIDRNotation", f"The address prefix {text} is wrong: {exc}.") from None


KINDS = (
    ResourceKind(
        type=TYPE,
        verbs={
            "PUT": put,
            "GET": records.getter(view),
            "DELETE": resource_rules.deleter(RULES),
        },
        listing=records.lister(TYPE, view),
    ),
    ResourceKind(
        type=SUBNET,
        verbs={"PUT": put_subnet, "GET": records.getter(), "DELETE": resource_rules.deleter(SUBNET_RULES)},
        listing=records.lister(SUBNET),
    ),
)
