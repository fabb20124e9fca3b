import subprocess
import sys
from typing import Any

import pytest

from components.component_errors import SettingsError
from components.network.account_links import PrivateLinks
from components.network.address_plan import address_plan
from components.network.private_network import PrivateNetwork
from tests.programs import Recording, record
from tests.services import REPOSITORY

PLACE = {"resource_group_name": "group", "location": "West Europe"}


def declare(**shape: Any) -> Recording:
    return record(lambda: declare_network(shape))


def declare_network(shape: dict[str, Any]) -> None:
    PrivateNetwork("net", {**PLACE, **shape})  # type: ignore[typeddict-item]  # a test may set any argument


def declare_links() -> Recording:
    def program() -> None:
        ids = ("vnet_id", "subnet_id", "endpoint_subnet_id", "batch_account_id", "storage_account_id")
        PrivateLinks("links", {**PLACE, **{name: f"/{name}" for name in ids}})  # type: ignore[typeddict-item]  # as above

    return record(program)


def rules(recording: Recording) -> dict[str, tuple[str, str, str, Any]]:
    """Direction, access, the other side, and ports, by name."""
    found = recording.only("network:NetworkSecurityGroup").inputs["securityRules"]
    return {
        rule["name"]: (
            rule["direction"],
            rule["access"],
            rule["sourceAddressPrefix" if rule["direction"] == "Inbound" else "destinationAddressPrefix"],
            rule.get("destinationPortRanges", rule.get("destinationPortRange")),
        )
        for rule in found
    }


def test_nodes_leave_through_a_gateway_with_one_address_and_nobody_comes_in() -> None:
    recording = declare()
    assert rules(recording) == {
        "deny-internet-in": ("Inbound", "Deny", "Internet", "*"),
        "allow-batch": ("Outbound", "Allow", "BatchNodeManagement.westeurope", ["443"]),
        "allow-storage": ("Outbound", "Allow", "Storage.westeurope", ["443"]),
        "allow-internet": ("Outbound", "Allow", "Internet", ["80", "443"]),
        "deny-internet-out": ("Outbound", "Deny", "Internet", "*"),
    }
    assert len(recording.only("network:NatGateway").inputs["publicIpAddresses"]) == 1
    address = recording.only("network:PublicIPAddress").inputs
    assert (address["sku"], address["publicIPAllocationMethod"]) == ({"name": "Standard"}, "Static")


def test_batch_is_reached_by_any_protocol_and_what_else_is_allowed_by_tcp() -> None:
    protocols = {
        rule["name"]: rule["protocol"]
        for rule in declare().only("network:NetworkSecurityGroup").inputs["securityRules"]
    }
    assert protocols == {
        "deny-internet-in": "*",
        "allow-batch": "*",
        "allow-storage": "Tcp",
        "allow-internet": "Tcp",
        "deny-internet-out": "*",
    }


def test_network_has_a_half_for_nodes_and_a_half_for_endpoints() -> None:
    vnet = declare(address_space="10.9.0.0/20").only("network:VirtualNetwork").inputs
    assert vnet["addressSpace"] == {"addressPrefixes": ["10.9.0.0/20"]}
    nodes, endpoints = vnet["subnets"]
    assert (nodes["name"], nodes["addressPrefix"]) == ("nodes", "10.9.0.0/21")
    assert (endpoints["name"], endpoints["addressPrefix"]) == ("endpoints", "10.9.8.0/21")
    assert nodes["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]
    assert nodes["natGateway"]["id"].endswith("net-gateway")
    assert nodes["networkSecurityGroup"]["id"].endswith("net-rules")
    assert nodes["defaultOutboundAccess"] is endpoints["defaultOutboundAccess"] is False


def test_ports_of_the_internet_are_those_that_are_asked_for() -> None:
    assert rules(declare(outbound_ports=[22]))["allow-internet"][3] == ["22"]
    assert "allow-internet" not in rules(declare(outbound_ports=[]))


def test_network_without_a_gateway_has_no_public_address_and_no_way_to_the_internet() -> None:
    recording = declare(outbound="none", private_endpoints=True)
    assert not recording.of_type("network:NatGateway") + recording.of_type("network:PublicIPAddress")
    assert "allow-internet" not in rules(recording)
    assert "natGateway" not in recording.only("network:VirtualNetwork").inputs["subnets"][0]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            {"outbound": "none"},
            "outbound is none; without a gateway, nodes reach the Batch service through private endpoints only",
        ),
        (
            {"outbound": "none", "private_endpoints": True, "outbound_ports": [80]},
            "outbound_ports means nothing; without a gateway, no port of the Internet can be reached",
        ),
        ({"address_space": "10.0.0.0/33"}, "address_space is 10.0.0.0/33; it must be an IPv4 network"),
        ({"address_space": "10.0.0.1/16"}, "address_space is 10.0.0.1/16; it must be an IPv4 network"),
        ({"address_space": "8.8.0.0/16"}, "address_space is 8.8.0.0/16; it must be a network of private addresses"),
        ({"address_space": "10.0.0.0/25"}, "address_space is 10.0.0.0/25; it must be from /8 to /24 in size"),
    ],
)
def test_network_that_nodes_could_not_work_in_is_refused(shape: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        declare(**shape)
    assert str(refused.value).startswith(f"PrivateNetwork net: {message}")


def test_smallest_network_has_room_for_123_nodes() -> None:
    assert address_plan("192.168.7.0/24").most_nodes == 123


def test_endpoints_are_made_one_after_the_other_and_found_by_name_in_the_network() -> None:
    recording = declare_links()
    assert [
        (connection["privateLinkServiceId"], connection["groupIds"])
        for endpoint in recording.of_type("network:PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
    ] == [
        ("/batch_account_id", ["batchAccount"]),
        ("/batch_account_id", ["nodeManagement"]),
        ("/storage_account_id", ["blob"]),
    ]
    zones = {zone.inputs["privateZoneName"] for zone in recording.of_type("privatedns:PrivateZone")}
    assert zones == {"privatelink.batch.azure.com", "privatelink.blob.core.windows.net"}
    assert len(recording.of_type("network:PrivateDnsZoneGroup")) == 3
    for link in recording.of_type("privatedns:VirtualNetworkLink"):
        assert link.inputs["virtualNetwork"] == {"id": "/vnet_id"}
        assert link.inputs["registrationEnabled"] is False


def test_program_that_needs_no_network_does_not_load_its_sdk() -> None:
    """It takes a third of a second."""
    script = "import sys, components.environment; print('pulumi_azure_native.network.virtual_network' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"
