"""Private endpoints and the private DNS by which they are found: records. Nothing is resolved or routed by them."""

from dataclasses import replace
from typing import Any

from shoal.local.arm import (
    arm_failures,
    batch_account_links,
    batch_accounts,
    private_link_states,
    records,
    storage_accounts,
    virtual_networks,
)
from shoal.local.arm.arm_call import ArmCall, JsonObject
from shoal.local.arm.batch_account_links import ENDPOINT
from shoal.local.arm.ids import Target
from shoal.local.arm.networks import state
from shoal.local.arm.resource_rules import JsonType, Rules, completer, kind, values_at

ZONE = "Microsoft.Network/privateDnsZones"
CONNECTION = "properties.privateLinkServiceConnections"
ASKED_FOR = tuple(f"properties.{name}" for name in private_link_states.INITIAL)
"""The lists of connections: those that are approved at once, and those that wait for the owner of the service."""
SUB_RESOURCES = {
    batch_accounts.TYPE: set(batch_account_links.SUB_RESOURCES),
    storage_accounts.TYPE: {"blob", "blob_secondary", "dfs", "file", "queue", "table", "web"},
}
"""Source: Azure Private Link, private-link resources."""


def _check_endpoint(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    asked_for = [found for path in ASKED_FOR for found in values_at(body, f"{path}[]")]
    if not asked_for:
        raise arm_failures.invalid_content(f"the required property {CONNECTION} is missing")
    for where, connection in asked_for:
        given = connection["properties"]
        target = records.find(call.service.connection, given["privateLinkServiceId"]) or {}
        known = SUB_RESOURCES.get(str(target.get("type")), set())
        for group in given["groupIds"]:
            if group not in known:
                raise arm_failures.invalid_content(
                    f"{where} asks for the sub-resource {group}, which {given['privateLinkServiceId']} does not have"
                )


def _complete_endpoint(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    endpoint = completer(ENDPOINT_RULES)(call, body, old)
    private_link_states.keep_states(endpoint, old)
    return endpoint


def _check_global(_call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    if str(body["location"]).lower() != "global":
        text = "Private DNS is in the location 'global' only."
        raise arm_failures.invalid("LocationNotAvailableForResourceType", text)


def _check_zone(call: ArmCall, body: JsonObject, old: JsonObject | None) -> None:
    _check_global(call, body, old)
    if "." not in call.target.name:
        raise arm_failures.invalid_name("a private DNS zone", call.target.name, "two labels or more, with dots between")


def _succeeded(_target: Target) -> dict[str, Any]:
    return {"provisioningState": "Succeeded"}


_PART_TYPES: dict[str, JsonType] = {
    "[].properties": dict,
    "[].properties.groupIds": list,
    "[].properties.groupIds[]": str,
}
ENDPOINT_RULES = Rules(
    type=ENDPOINT,
    required=(
        "properties.subnet",
        "properties.subnet.id",
        *(f"{path}[].{name}" for path in ASKED_FOR for name in ("name", "properties")),
        *(f"{path}[].properties.{name}" for path in ASKED_FOR for name in ("privateLinkServiceId", "groupIds")),
    ),
    types={f"{path}{part}": type_ for path in ASKED_FOR for part, type_ in _PART_TYPES.items()},
    references={
        "properties.subnet.id": virtual_networks.SUBNET,
        **{f"{path}[].properties.privateLinkServiceId": "" for path in ASKED_FOR},
    },
    check=_check_endpoint,
    answers=state,
)
KINDS = (
    replace(
        kind(ENDPOINT_RULES),
        verbs={**kind(ENDPOINT_RULES).verbs, "PUT": records.putter(ENDPOINT, _complete_endpoint)},
    ),
    kind(
        Rules(
            type=f"{ENDPOINT}/privateDnsZoneGroups",
            located=False,
            required=("properties.privateDnsZoneConfigs", "properties.privateDnsZoneConfigs[].name"),
            references={"properties.privateDnsZoneConfigs[].properties.privateDnsZoneId": ZONE},
            answers=_succeeded,
        )
    ),
    kind(Rules(type=ZONE, check=_check_zone, answers=_succeeded)),
    kind(
        Rules(
            type=f"{ZONE}/virtualNetworkLinks",
            required=("properties.virtualNetwork", "properties.virtualNetwork.id"),
            references={"properties.virtualNetwork.id": virtual_networks.TYPE},
            check=_check_global,
            answers=lambda target: {**_succeeded(target), "virtualNetworkLinkState": "Completed"},
        )
    ),
)
