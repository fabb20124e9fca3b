"""An account, its packages and its pools by azure-mgmt-batch 17, from beginning to end: ENDPOINT TENANT ID SECRET.

Runs in a virtual environment of its own, with the version of the client that is tried.
"""

# mypy: ignore-errors
# The client that mypy knows here is a later one, with other names.

import sys
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.batch import BatchManagementClient, models

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = "shoal"
ACCOUNT = "story"
STORAGE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/shoalstorage"
)
IMAGE = {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts", "version": "latest"}
EMPTY_ZIP = b"PK\5\6" + bytes(18)


def main(endpoint: str, tenant: str, client_id: str, secret: str) -> None:
    credential = ClientSecretCredential(tenant, client_id, secret, authority=endpoint, disable_instance_discovery=True)
    with BatchManagementClient(
        credential, SUBSCRIPTION, base_url=endpoint, credential_scopes=[f"{endpoint}/.default"]
    ) as client:
        account(client)
        packages(client)
        pools(client)
        links(client)
        client.batch_account.begin_delete(GROUP, ACCOUNT, polling_interval=0).result()
        assert ACCOUNT not in [each.name for each in client.batch_account.list()]


def account(client: BatchManagementClient) -> None:
    assert client.location.check_name_availability("westeurope", {"name": ACCOUNT}).name_available
    assert client.location.get_quotas("westeurope").account_quota
    assert "standard_d2s_v3" in [
        sku.name.lower() for sku in client.location.list_supported_virtual_machine_skus("westeurope")
    ]
    assert "Microsoft.Batch/batchAccounts/read" in [each.name for each in client.operations.list()]
    wanted = models.BatchAccountCreateParameters(
        location="westeurope", auto_storage=models.AutoStorageBaseProperties(storage_account_id=STORAGE)
    )
    made = client.batch_account.begin_create(GROUP, ACCOUNT, wanted, polling_interval=0).result()
    assert (made.provisioning_state, made.pool_allocation_mode) == ("Succeeded", "BatchService")
    assert made.auto_storage.last_key_sync
    assert made.low_priority_core_quota
    assert made.dedicated_core_quota_per_vm_family[0].core_quota
    assert client.batch_account.get(GROUP, ACCOUNT).id == made.id
    assert ACCOUNT in [each.name for each in client.batch_account.list_by_resource_group(GROUP)]
    changed = client.batch_account.update(GROUP, ACCOUNT, models.BatchAccountUpdateParameters(tags={"a": "b"}))
    assert changed.tags == {"a": "b"}
    before = client.batch_account.get_keys(GROUP, ACCOUNT)
    after = client.batch_account.regenerate_key(
        GROUP, ACCOUNT, models.BatchAccountRegenerateKeyParameters(key_name="Primary")
    )
    assert before.primary != after.primary
    assert before.secondary == after.secondary
    client.batch_account.synchronize_auto_storage_keys(GROUP, ACCOUNT)


def packages(client: BatchManagementClient) -> None:
    where = GROUP, ACCOUNT, "tool"
    client.application.create(*where, parameters=models.Application(display_name="Tool", allow_updates=True))
    assert client.application.get(*where).display_name == "Tool"
    package = client.application_package.create(*where, "1.0")
    assert package.state == "Pending"
    request = urllib.request.Request(
        package.storage_url, EMPTY_ZIP, headers={"x-ms-blob-type": "BlockBlob"}, method="PUT"
    )
    urllib.request.urlopen(request).close()
    activated = client.application_package.activate(
        *where, "1.0", models.ActivateApplicationPackageParameters(format="zip")
    )
    assert (activated.state, activated.format) == ("Active", "zip")
    assert [each.name for each in client.application_package.list(*where)] == ["1.0"]
    client.application.update(*where, models.Application(default_version="1.0"))
    assert [each.default_version for each in client.application.list(GROUP, ACCOUNT)] == ["1.0"]
    assert error(lambda: client.application.delete(*where)) == "ApplicationPackagesNotEmpty"
    client.application.update(*where, models.Application(default_version=""))
    client.application_package.delete(*where, "1.0")
    client.application.delete(*where)


def pools(client: BatchManagementClient) -> None:
    machine = models.VirtualMachineConfiguration(
        image_reference=models.ImageReference(**IMAGE), node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    fixed = models.Pool(
        vm_size="STANDARD_D2S_V3",
        deployment_configuration=models.DeploymentConfiguration(virtual_machine_configuration=machine),
        scale_settings=models.ScaleSettings(fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=1)),
        start_task=models.StartTask(command_line="/bin/true", wait_for_success=True),
        metadata=[models.MetadataItem(name="a", value="b")],
    )
    made = client.pool.create(GROUP, ACCOUNT, "pool", fixed)
    assert made.scale_settings.fixed_scale.target_dedicated_nodes == 1
    assert made.deployment_configuration.virtual_machine_configuration.node_agent_sku_id == "batch.node.ubuntu 22.04"
    client.pool.stop_resize(GROUP, ACCOUNT, "pool")
    scaled = models.ScaleSettings(auto_scale=models.AutoScaleSettings(formula="$TargetDedicatedNodes = 0"))
    changed = client.pool.update(GROUP, ACCOUNT, "pool", models.Pool(scale_settings=scaled))
    assert changed.scale_settings.auto_scale.formula == "$TargetDedicatedNodes = 0"
    assert error(lambda: client.pool.stop_resize(GROUP, ACCOUNT, "pool")) == "OperationInvalidForCurrentState"
    fixed_again = client.pool.disable_auto_scale(GROUP, ACCOUNT, "pool")
    assert fixed_again.scale_settings.auto_scale is None
    assert client.pool.get(GROUP, ACCOUNT, "pool").metadata[0].value == "b"
    named = client.pool.list_by_batch_account(GROUP, ACCOUNT, filter="name eq 'pool'")
    assert [each.name for each in named] == ["pool"]
    client.pool.begin_delete(GROUP, ACCOUNT, "pool", polling_interval=0).result()
    assert error(lambda: client.pool.get(GROUP, ACCOUNT, "pool")) == "ResourceNotFound"


def links(client: BatchManagementClient) -> None:
    groups = {link.group_id for link in client.private_link_resource.list_by_batch_account(GROUP, ACCOUNT)}
    assert groups == {"batchAccount", "nodeManagement"}
    assert list(client.private_endpoint_connection.list_by_batch_account(GROUP, ACCOUNT)) == []
    needed = client.batch_account.list_outbound_network_dependencies_endpoints(GROUP, ACCOUNT)
    assert [each.category for each in needed] == ["Azure Batch", "Azure Storage"]


def error(call) -> str:
    try:
        call()
    except HttpResponseError as exc:
        return exc.error.code
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
