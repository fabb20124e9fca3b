"""Rules for every kind of record."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shoal.local.accounts import DEFAULT_STORAGE_ACCOUNT
from shoal.local.arm.groups import DEFAULT_GROUP
from shoal.local.arm.resource_rules import values_at
from tests.arm import ArmHttp
from tests.local.arm.test_monitors import ALERT, BUDGET, CRITERIA, MAILS, PLAN, QUERY, TIMES, WORKSPACE, budget, mails
from tests.local.arm.test_networks import ADDRESS, ENDPOINT, GATEWAY, GROUP, NETWORK, ZONE, network, rule

STORAGE = f"{DEFAULT_GROUP}/providers/Microsoft.Storage/storageAccounts/{DEFAULT_STORAGE_ACCOUNT}"
CONDITION = {"query": "x", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
CONNECTION = {"name": "x", "properties": {"privateLinkServiceId": STORAGE, "groupIds": ["blob"]}}
NAMES = {
    "properties": {"privateDnsZoneConfigs": [{"name": "x", "properties": {"privateDnsZoneId": f"IN/{ZONE}"}}]},
}
LINK = {"location": "global", "properties": {"virtualNetwork": {"id": f"IN/{NETWORK}"}, "registrationEnabled": False}}
SETTING = {"workspaceId": f"IN/{WORKSPACE}", "logs": [{"category": "StorageRead", "enabled": True}]}
BODIES: dict[str, Any] = {
    NETWORK: network(("nodes", "10.7.0.0/24")),
    f"{NETWORK}/subnets/nodes": {"properties": {"addressPrefix": "10.7.0.0/24"}},
    GROUP: {"location": "westeurope", "properties": {"securityRules": [rule("a")]}},
    ADDRESS: {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static"},
    },
    GATEWAY: {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "properties": {"publicIpAddresses": [{"id": f"IN/{ADDRESS}"}]},
    },
    ENDPOINT: {
        "location": "westeurope",
        "properties": {"subnet": {"id": f"IN/{NETWORK}/subnets/nodes"}, "privateLinkServiceConnections": [CONNECTION]},
    },
    ZONE: {"location": "global"},
    f"{ZONE}/virtualNetworkLinks/link": LINK,
    WORKSPACE: PLAN,
    "providers/Microsoft.Insights/diagnosticSettings/logs": {"properties": SETTING},
    f"{ENDPOINT}/privateDnsZoneGroups/default": NAMES,
    MAILS: mails(),
    ALERT: {"location": "global", "properties": {**TIMES, "scopes": [f"IN/{WORKSPACE}"], "criteria": CRITERIA}},
    QUERY: {
        "location": "westeurope",
        "properties": {**TIMES, "scopes": [f"IN/{WORKSPACE}"], "criteria": {"allOf": [CONDITION]}},
    },
    BUDGET: budget(),
}


STRANGE: tuple[Any, ...] = ("x", 5, True, None, [], ["x"], {}, [{}])


def spoilt(body: Any) -> Iterator[Any]:
    """The body, each time with something else in the place of one of its parts."""
    yield from STRANGE
    match body:
        case dict():
            for name, value in body.items():
                yield from ({**body, name: other} for other in spoilt(value))
        case list():
            for position, value in enumerate(body):
                yield from ([*body[:position], other, *body[position + 1 :]] for other in spoilt(value))


def placed(arm: ArmHttp, body: Any) -> Any:
    return json.loads(json.dumps(body).replace('"IN/', f'"{arm.group}/'))


@pytest.mark.parametrize("path", BODIES)
def test_strange_value_is_taken_or_refused_but_never_breaks_the_service(arm: ArmHttp, path: str) -> None:
    for needed in (NETWORK, ADDRESS, ZONE, WORKSPACE, ENDPOINT):
        arm.make(needed, placed(arm, BODIES[needed]))
    whole = placed(arm, BODIES[path])
    arm.make(path, whole)
    for body in spoilt(whole):
        status, answer = arm.call("PUT", path, body)
        assert status < 500, (body, answer)


def test_path_names_each_item_and_stops_where_nothing_is_given() -> None:
    body = {"a": [{"b": 1}, {}], "c": None}
    assert list(values_at(body, "a[].b")) == [("a[0].b", 1), ("a[1].b", None)]
    assert list(values_at(body, "c.d")) == []
    assert list(values_at(body, "e")) == [("e", None)]
