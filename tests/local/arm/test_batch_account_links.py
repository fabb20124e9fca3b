"""The network of a Batch account as Azure's clients ask for it."""

from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import ArmHttp

NETWORK = "providers/Microsoft.Network/virtualNetworks/v"
ENDPOINT = "providers/Microsoft.Network/privateEndpoints/inside"


def test_sub_resources_that_can_have_a_private_link(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    listed = list(management.private_link_resource.list_by_batch_account(name, account))
    assert [each.name for each in listed] == ["batchAccount", "nodeManagement"]
    one = management.private_link_resource.get(name, account, "nodeManagement")
    assert one.properties
    assert one.properties.required_members == ["nodeManagement"]
    assert one.properties.required_zone_names == ["privatelink.batch.azure.com"]
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/privateLinkResources"
    assert arm.call("GET", f"{path}/other")[0] == 404
    assert arm.call("GET", path.replace(account, f"{account}not"))[0] == 404


def test_private_endpoint_is_a_connection_of_its_account(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    id_ = management.batch_account.get(name, account).id
    assert list(management.private_endpoint_connection.list_by_batch_account(name, account)) == []
    subnets = [{"name": "inside", "properties": {"addressPrefix": "10.7.0.0/24"}}]
    properties = {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "subnets": subnets}
    network = arm.make(NETWORK, {"location": "westeurope", "properties": properties})
    link = {"name": "link", "properties": {"privateLinkServiceId": id_, "groupIds": ["batchAccount"]}}
    subnet = {"id": network["properties"]["subnets"][0]["id"]}
    body = {"subnet": subnet, "privateLinkServiceConnections": [link]}
    endpoint = arm.make(ENDPOINT, {"location": "westeurope", "properties": body})
    (connection,) = management.private_endpoint_connection.list_by_batch_account(name, account)
    assert connection.properties
    assert connection.properties.private_endpoint
    assert connection.properties.private_endpoint.id == endpoint["id"]
    assert connection.properties.group_ids == ["batchAccount"]
    assert connection.name
    assert management.private_endpoint_connection.get(name, account, connection.name).id == connection.id
    shown = management.batch_account.get(name, account).properties
    assert shown
    assert [each.id for each in shown.private_endpoint_connections or []] == [connection.id]


def test_addresses_that_nodes_need_are_those_of_the_service(
    management: BatchManagementClient, service: Status, name: str, account: str
) -> None:
    found = management.batch_account.list_outbound_network_dependencies_endpoints(name, account)
    ports = {
        each.category: [detail.port for endpoint in each.endpoints or [] for detail in endpoint.endpoint_details or []]
        for each in found
    }
    assert ports.keys() == {"Azure Batch", "Azure Storage"}
    assert service.arm_endpoint.endswith(f":{ports['Azure Batch'][0]}")
    assert f":{ports['Azure Storage'][0]}/" in service.blob_endpoint


def test_operations_that_a_role_may_name_are_listed(management: BatchManagementClient) -> None:
    assert {"Microsoft.Batch/batchAccounts/read", "Microsoft.Batch/batchAccounts/pools/stopResize/action"} <= {
        operation.name for operation in management.operations.list()
    }
