"""Security groups, gateways and addresses of virtual networks. They are records and filter no packet.

Source: limits and, where it names them, error codes of Microsoft.Network's REST reference.
"""

import uuid
from collections import Counter

from shoal.local.arm import arm_failures
from shoal.local.arm.arm_call import ArmCall, JsonObject
from shoal.local.arm.ids import Target
from shoal.local.arm.resource_rules import Rules, kind, values_at

SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
GATEWAY = "Microsoft.Network/natGateways"
ADDRESS = "Microsoft.Network/publicIPAddresses"
PRIORITIES = range(100, 4097)
"""Source: SecurityRulePropertiesFormat."""
EXAMPLE_ADDRESSES = "203.0.113"
"""Source: RFC 5737; nobody's."""


def state(target: Target) -> JsonObject:
    return {"provisioningState": "Succeeded", "resourceGuid": str(uuid.uuid5(uuid.NAMESPACE_URL, target.path.lower()))}


def _address(target: Target) -> JsonObject:
    host = uuid.uuid5(uuid.NAMESPACE_URL, target.path.lower()).int % 254 + 1
    return {**state(target), "ipAddress": f"{EXAMPLE_ADDRESSES}.{host}"}


def _check_rules(_call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    given = [rule["properties"] for _, rule in values_at(body, "properties.securityRules[]")]
    for where, priority in values_at(body, "properties.securityRules[].properties.priority"):
        if priority not in PRIORITIES:
            text = f"{where} is {priority}; it must be from {PRIORITIES.start} to {PRIORITIES.stop - 1}."
            raise arm_failures.invalid("SecurityRuleInvalidPriority", text)
    places = Counter((rule["direction"], rule["priority"]) for rule in given)
    for (direction, priority), times in places.items():
        if times > 1:
            text = f"Two rules of direction {direction} have the priority {priority}."
            raise arm_failures.invalid("SecurityRuleConflict", text)


def _check_address(_call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    standard = (body.get("sku") or {}).get("name") == "Standard"
    if standard and body.get("properties", {}).get("publicIPAllocationMethod") != "Static":
        raise arm_failures.invalid_content("an address of SKU Standard must have the publicIPAllocationMethod Static")


RULE = "properties.securityRules[]"
KINDS = (
    kind(
        Rules(
            type=SECURITY_GROUP,
            required=(
                f"{RULE}.name",
                f"{RULE}.properties",
                *(f"{RULE}.properties.{name}" for name in ("access", "direction", "priority", "protocol")),
            ),
            types={f"{RULE}.properties": dict, f"{RULE}.properties.priority": int, f"{RULE}.properties.direction": str},
            check=_check_rules,
            answers=state,
            held="InUseNetworkSecurityGroupCannotBeDeleted",
        )
    ),
    kind(
        Rules(
            type=ADDRESS,
            beside=("sku", "zones"),
            types={"sku": dict},
            check=_check_address,
            answers=_address,
            held="PublicIPAddressCannotBeDeleted",
        )
    ),
    kind(
        Rules(
            type=GATEWAY,
            beside=("sku", "zones"),
            required=("sku", "sku.name"),
            references={"properties.publicIpAddresses[].id": ADDRESS},
            answers=state,
            held="InUseNatGatewayCannotBeDeleted",
        )
    ),
)
