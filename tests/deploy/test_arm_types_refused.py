"""Both engines refuse, before they make it, what Azure would refuse."""

from typing import cast

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as wire

from shoal.deploy.pulumi.plugins.azure_native import AzureNative
from shoal.deploy.resources.properties import encode
from shoal.service_status import Status
from tests.deploy.projects import Project
from tests.deploy.test_engine import GROUP, exists, group_path

ACCOUNT = """
from pulumi_azure_native import storage
storage.StorageAccount("store", resource_group_name=group.name, account_name="My-Store", kind="StorageV2", sku={})
"""
REFUSED = """azure-native:storage:StorageAccount store: Azure would refuse it:
  accountName is 'My-Store'; it must match ^[a-z0-9]+$
  sku.name is missing
"""


@pytest.mark.parametrize("command", [("preview",), ("up", "-y")])
def test_embedded_engine_names_each_property_at_fault(project: Project, command: tuple[str, ...]) -> None:
    project.program(GROUP + ACCOUNT)
    done = project.shoal(*command)
    assert done.returncode == 2
    assert REFUSED in done.stderr
    assert not exists(project, f"{group_path(project)}/providers/Microsoft.Storage/storageAccounts/My-Store")


def test_stand_in_provider_names_each_property_at_fault(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    inputs = {
        "resourceGroupName": "g",
        "accountName": "My-Store",
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {},
    }
    urn = "urn:pulumi:local::p::azure-native:storage:StorageAccount::store"
    answer = AzureNative().Check(wire.CheckRequest(urn=urn, news=encode(inputs)), cast(grpc.ServicerContext, None))
    (failure,) = answer.failures
    assert failure.reason == REFUSED.removeprefix("azure-native:storage:StorageAccount store: ").rstrip()
