"""The network of a Batch account as Azure's clients ask for it."""

from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import SUBNET, ArmHttp, make_subnet

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


def manual_endpoint(arm: ArmHttp, account_id: str) -> str:
    """Return the id of a private endpoint that waits for the approval of the account's owner."""
    make_subnet(arm.status)
    link = {"name": "link", "properties": {"privateLinkServiceId": account_id, "groupIds": ["batchAccount"]}}
    properties = {"subnet": {"id": SUBNET}, "manualPrivateLinkServiceConnections": [link]}
    return str(arm.make(ENDPOINT, {"location": "westeurope", "properties": properties})["id"])


def test_connection_that_waits_for_approval_is_approved_and_deleted_by_the_official_client(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    connections = management.private_endpoint_connection
    endpoint = manual_endpoint(arm, str(management.batch_account.get(name, account).id))
    (waiting,) = connections.list_by_batch_account(name, account)
    assert waiting.name
    assert waiting.properties
    assert waiting.properties.private_link_service_connection_state
    assert waiting.properties.private_link_service_connection_state.status == "Pending"
    given = {"status": "Approved", "description": "for the test"}
    body = {"properties": {"privateLinkServiceConnectionState": given}}
    approved = connections.begin_update(name, account, waiting.name, body).result()
    assert approved.properties
    assert approved.properties.provisioning_state == "Succeeded"
    assert dict(approved.properties.private_link_service_connection_state or {}) == {**given, "actionsRequired": "None"}
    asked = arm.call("GET", endpoint)[1]
    assert arm.call("PUT", endpoint, asked)[0] == 200
    (kept,) = arm.call("GET", endpoint)[1]["properties"]["manualPrivateLinkServiceConnections"]
    assert kept["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    connections.begin_delete(name, account, waiting.name).result()
    assert list(connections.list_by_batch_account(name, account)) == []
    (left,) = arm.call("GET", endpoint)[1]["properties"]["manualPrivateLinkServiceConnections"]
    assert left["properties"]["privateLinkServiceConnectionState"]["status"] == "Disconnected"
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/privateEndpointConnections/{waiting.name}"
    assert arm.call("DELETE", path) == (204, None)
    assert arm.call("PATCH", path, body)[0] == 404


def test_changed_connection_is_updating_and_its_result_tells_the_status(
    management: BatchManagementClient, arm: ArmHttp, name: str, account: str
) -> None:
    manual_endpoint(arm, str(management.batch_account.get(name, account).id))
    (waiting,) = management.private_endpoint_connection.list_by_batch_account(name, account)
    assert waiting.id
    rejected = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}}
    status, answer = arm.call("PATCH", waiting.id, rejected, version="2023-05-01")
    assert (status, answer["properties"]["provisioningState"]) == (202, "Updating")
    assert arm.call("GET", waiting.id)[1]["properties"]["provisioningState"] == "Succeeded"
    status, answer = arm.call("PATCH", waiting.id, {"properties": {}}, version="2023-05-01")
    assert (status, answer["error"]["code"]) == (400, "MissingRequiredProperty")


def test_endpoint_asks_for_a_connection_of_either_kind(arm: ArmHttp) -> None:
    make_subnet(arm.status)
    status, answer = arm.call("PUT", ENDPOINT, {"location": "x", "properties": {"subnet": {"id": SUBNET}}})
    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")
    assert "properties.privateLinkServiceConnections is missing" in answer["error"]["message"]


def test_sub_resource_has_the_accounts_name_where_there_is_but_one(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/privateLinkResources"
    _, listed = arm.call("GET", path, version="2021-01-01")
    assert [(each["name"], each["properties"]["groupId"]) for each in listed["value"]] == [(account, "batchAccount")]
    assert arm.call("GET", f"{path}/{account}", version="2021-01-01")[0] == 200
