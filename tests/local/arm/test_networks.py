"""Virtual networks, what stands around them, and private links."""

from typing import Any

import pytest

from tests.arm import ArmHttp

NETWORK = "providers/Microsoft.Network/virtualNetworks/vnet"
GROUP = "providers/Microsoft.Network/networkSecurityGroups/rules"
ADDRESS = "providers/Microsoft.Network/publicIPAddresses/address"
GATEWAY = "providers/Microsoft.Network/natGateways/gateway"
ENDPOINT = "providers/Microsoft.Network/privateEndpoints/endpoint"
ZONE = "providers/Microsoft.Network/privateDnsZones/privatelink.batch.azure.com"


def network(*subnets: tuple[str, str], space: str = "10.7.0.0/16", **more: Any) -> dict[str, Any]:
    return {
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": [space]},
            "subnets": [{"name": name, "properties": {"addressPrefix": prefix, **more}} for name, prefix in subnets],
        },
    }


def rule(name: str, **changes: Any) -> dict[str, Any]:
    properties = {"access": "Allow", "direction": "Outbound", "priority": 100, "protocol": "Tcp", **changes}
    return {"name": name, "properties": properties}


def refused(arm: ArmHttp, path: str, body: Any) -> str:
    """The code and the message of a PUT that must fail."""
    status, answer = arm.call("PUT", path, body)
    assert status in (400, 404, 409), answer
    return f"{answer['error']['code']}: {answer['error']['message']}"


def test_subnet_is_the_same_whether_read_by_itself_or_with_its_network(arm: ArmHttp) -> None:
    made = arm.make(NETWORK, network(("nodes", "10.7.0.0/17"), ("endpoints", "10.7.255.0/24")))
    assert made["properties"]["provisioningState"] == "Succeeded"
    status, subnet = arm.call("GET", f"{NETWORK}/subnets/nodes")
    assert status == 200
    assert subnet["properties"]["addressPrefix"] == "10.7.0.0/17"
    assert subnet == made["properties"]["subnets"][0]
    assert [one["name"] for one in arm.call("GET", f"{NETWORK}/subnets")[1]["value"]] == ["endpoints", "nodes"]


def test_network_put_again_drops_the_subnets_that_it_no_longer_names_and_keeps_them_where_it_names_none(
    arm: ArmHttp,
) -> None:
    arm.make(NETWORK, network(("nodes", "10.7.0.0/24"), ("other", "10.7.1.0/24")))
    arm.make(NETWORK, network(("nodes", "10.7.0.0/24")))
    assert arm.call("GET", f"{NETWORK}/subnets/other")[0] == 404
    arm.make(f"{NETWORK}/subnets/own", {"properties": {"addressPrefix": "10.7.2.0/24"}})
    body = network()
    del body["properties"]["subnets"]
    subnets = arm.make(NETWORK, body)["properties"]["subnets"]
    assert [subnet["name"] for subnet in subnets] == ["nodes", "own"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (network(space="10.7.0.0/33"), "InvalidCIDRNotation: The address prefix 10.7.0.0/33 is wrong"),
        (network(space="10.7.0.1/16"), "InvalidCIDRNotation: The address prefix 10.7.0.1/16 is wrong"),
        (network(("nodes", "10.8.0.0/24")), "NetcfgInvalidSubnet: Subnet 'nodes' is not in the network's address"),
        (network(("a", "10.7.0.0/24"), ("b", "10.7.0.128/25")), "NetcfgSubnetRangesOverlap: Subnets 'a' and 'b'"),
        (network(("nodes", "")), "InvalidRequestContent: The request content was invalid: subnet nodes must have one"),
        (network(("", "10.7.0.0/24")), "InvalidRequestContent: The request content was invalid: the required property"),
        ({"location": "westeurope"}, "InvalidRequestContent: The request content was invalid: the required property"),
        ({"properties": {}}, "LocationRequired"),
        (network(("nodes", "10.7.0.0/24"), natGateway={"id": "/nowhere"}), "InvalidResourceReference: Resource '/nowh"),
    ],
)
def test_network_that_azure_would_not_make_is_refused(arm: ArmHttp, body: Any, message: str) -> None:
    assert refused(arm, NETWORK, body).startswith(message)
    assert arm.call("GET", NETWORK)[0] == 404


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([rule("a", priority=99)], "SecurityRuleInvalidPriority"),
        ([rule("a"), rule("b")], "SecurityRuleConflict"),
        ([rule("a", access=None)], "InvalidRequestContent"),
    ],
)
def test_rules_that_azure_would_not_take_are_refused(arm: ArmHttp, rules: Any, message: str) -> None:
    body = {"location": "westeurope", "properties": {"securityRules": rules}}
    assert refused(arm, GROUP, body).startswith(message)


def test_what_a_subnet_uses_outlives_it(arm: ArmHttp) -> None:
    address = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Dynamic"}}
    assert "publicIPAllocationMethod Static" in refused(arm, ADDRESS, {"location": "westeurope", **address})
    address["properties"] = {"publicIPAllocationMethod": "Static"}
    given = arm.make(ADDRESS, {"location": "westeurope", **address})
    assert given["properties"]["ipAddress"].startswith("203.0.113.")
    gateway = arm.make(
        GATEWAY,
        {
            "location": "westeurope",
            "sku": {"name": "Standard"},
            "properties": {"publicIpAddresses": [{"id": given["id"]}]},
        },
    )
    arm.make(NETWORK, network(("nodes", "10.7.0.0/24"), natGateway={"id": gateway["id"]}))
    for path in (ADDRESS, GATEWAY):
        status, answer = arm.call("DELETE", path)
        assert (status, "is in use by" in answer["error"]["message"]) == (400, True)
    for path in (NETWORK, GATEWAY, ADDRESS):
        assert arm.call("DELETE", path)[0] == 200


def test_private_endpoint_needs_a_subnet_and_a_sub_resource_that_its_target_has(arm: ArmHttp, storage: str) -> None:
    subnet = arm.make(NETWORK, network(("endpoints", "10.7.0.0/24")))["properties"]["subnets"][0]["id"]

    def endpoint(group: str, subnet: str = subnet, target: str = storage) -> dict[str, Any]:
        link = {"name": "link", "properties": {"privateLinkServiceId": target, "groupIds": [group]}}
        return {
            "location": "westeurope",
            "properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": [link]},
        }

    assert "the sub-resource batchAccount" in refused(arm, ENDPOINT, endpoint("batchAccount"))
    assert "InvalidResourceReference" in refused(arm, ENDPOINT, endpoint("blob", subnet=f"{subnet}-not"))
    assert "InvalidResourceReference" in refused(arm, ENDPOINT, endpoint("blob", target=f"{storage}not"))
    arm.make(ENDPOINT, endpoint("blob"))
    status, answer = arm.call("DELETE", NETWORK)
    assert (status, answer["error"]["code"]) == (400, "InUseSubnetCannotBeDeleted")
    assert refused_without_subnets(arm).startswith("InUseSubnetCannotBeDeleted")


def refused_without_subnets(arm: ArmHttp) -> str:
    return refused(arm, NETWORK, network())


def test_zone_is_global_linked_to_a_network_and_named_by_a_group_of_an_endpoint(arm: ArmHttp, storage: str) -> None:
    made = arm.make(NETWORK, network(("endpoints", "10.7.0.0/24")))
    assert "global" in refused(arm, ZONE, {"location": "westeurope"})
    zone = arm.make(ZONE, {"location": "global"})
    link = {"location": "global", "properties": {"virtualNetwork": {"id": made["id"]}, "registrationEnabled": False}}
    assert arm.make(f"{ZONE}/virtualNetworkLinks/link", link)["properties"]["virtualNetworkLinkState"] == "Completed"
    group = {"properties": {"privateDnsZoneConfigs": [{"name": "x", "properties": {"privateDnsZoneId": zone["id"]}}]}}
    assert "ParentResourceNotFound" in refused(arm, f"{ENDPOINT}/privateDnsZoneGroups/default", group)
    connection = {"name": "x", "properties": {"privateLinkServiceId": storage, "groupIds": ["blob"]}}
    subnet = made["properties"]["subnets"][0]["id"]
    arm.make(
        ENDPOINT,
        {
            "location": "westeurope",
            "properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": [connection]},
        },
    )
    assert arm.make(f"{ENDPOINT}/privateDnsZoneGroups/default", group)["name"] == "default"


def test_pool_is_made_in_a_subnet_that_is_there_and_holds_it(
    arm: ArmHttp, account: str, account_name: str, name: str
) -> None:
    pool = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}/pools/{name}"

    def body(subnet: str) -> dict[str, Any]:
        network = {"subnetId": subnet, "publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"}}
        return {"properties": {"vmSize": "standard_d2s_v3", "networkConfiguration": network}}

    assert refused(arm, pool, body(f"{arm.group}/{NETWORK}/subnets/nodes")).startswith("InvalidPropertyValue")
    subnet = arm.make(NETWORK, network(("nodes", "10.7.0.0/24")))["properties"]["subnets"][0]["id"]
    assert arm.make(pool, body(subnet))["properties"]["networkConfiguration"]["subnetId"] == subnet
    status, answer = arm.call("DELETE", NETWORK)
    assert (status, answer["error"]["code"]) == (400, "InUseSubnetCannotBeDeleted")
    assert arm.call("DELETE", pool)[0] == 202
    assert arm.call("DELETE", NETWORK)[0] == 200
