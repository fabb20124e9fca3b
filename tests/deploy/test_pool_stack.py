"""Pools that have all that pools may have, deployed to a service by the embedded engine."""

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.mgmt.batch import BatchManagementClient

from tests.deploy.pools import FULL, configure_pools
from tests.deploy.stacks import Stack
from tests.waiting import wait_until


def test_pools_with_everything_are_made_and_then_left_as_they_are(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_pools(stack, FULL)
    printed = stack.up()
    assert "hunter2" not in printed
    account = stack.name.replace("-", "")
    found = management.pool.get(account, account, "spot").as_dict()
    properties = found["properties"]
    assert found["tags"]["team"] == "risk"
    assert properties["networkConfiguration"]["publicIPAddressConfiguration"] == {"provision": "NoPublicIPAddresses"}
    assert properties["mountConfiguration"][0]["azureBlobFileSystemConfiguration"]["accountName"] == account
    assert properties["upgradePolicy"]["rollingUpgradePolicy"]["pauseTimeBetweenBatches"] == "PT5M"
    assert "No changes: all 18 resources are as declared." in stack.up()
    environment = stack.environment(monkeypatch)
    key = management.batch_account.get_keys(environment.resource_group, environment.batch_account).primary
    credential = AzureNamedKeyCredential(environment.batch_account, key or "")
    with BatchClient(environment.batch_endpoint, credential) as batch:
        # Its start task fails without the variable, and then the node is not idle but startTaskFailed.
        wait_until(lambda: [node.state for node in batch.list_nodes("own")] == ["idle"])


def test_change_is_made_in_place_only_where_azure_can(stack: Stack) -> None:
    configure_pools(stack, FULL)
    stack.up()
    stack.configure(**{"team: risk": "team: pricing", "owner: me": "owner: you"})
    assert changed(stack.up(), " ~  batch:Pool spot-pool updated") == {"~metadata", "~tags"}
    stack.configure(**{"mountPath: inputs": "mountPath: in", "hunter2": "hunter3", "mode: rolling": "mode: automatic"})
    printed = stack.up()
    replacing = {"~mountConfiguration", "~userAccounts", "~upgradePolicy"}
    assert changed(printed, " +- batch:Pool spot-pool replaced") == replacing
    assert "hunter3" not in printed


def changed(printed: str, step: str) -> set[str]:
    """Return the properties that a step changes; in no order, since a program's inputs have none."""
    (line,) = [line for line in printed.splitlines() if line.startswith(step)]
    return set(line.partition("[diff: ")[2].rstrip("]").split(", "))
