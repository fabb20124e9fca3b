"""A stack with a private network and monitoring, deployed to a service by the embedded engine."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.mgmt.batch import BatchManagementClient

from shoal.service_status import Status
from tests.arm import management_client
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack

pytestmark = pytest.mark.story

SECTIONS = """\
  shoal:network:
    privateEndpoints: true
  shoal:monitoring:
    emails: [somebody@example.com]
    storageLogs: true
    monthlyBudget: 100
"""
RESOURCES = 41


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str) -> Iterator[Stack]:
    stack = copied_stack(Project(name="shoal", directory=tmp_path, status=service), name)
    stack.file.write_text(stack.file.read_text() + SECTIONS)
    yield stack
    stack.take_down()


def test_stack_with_everything_on_is_made_once_changed_in_place_and_leaves_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{RESOURCES} created" in stack.up()
    assert f"No changes: all {RESOURCES} resources are as declared." in stack.up()
    stack.configure(**{"monthlyBudget: 100": "monthlyBudget: 200", "somebody@": "another@"})
    printed = stack.up()
    (budget,) = (line for line in printed.splitlines() if "consumption:Budget shoal-monitoring-budget updated" in line)
    assert sorted(re.findall(r"~\w+", budget)) == ["~amount", "~notifications"]
    assert "~  monitor:ActionGroup shoal-monitoring-mails updated  [diff: ~emailReceivers]" in printed
    group = stack.environment(monkeypatch).resource_group
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert f"{RESOURCES} deleted" in down.stdout, down.stderr
    groups = stack.project.service.arm.get(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", "2024-03-01"
    )
    assert group not in json.dumps(groups)


def test_pool_leaves_the_network_before_the_network_goes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    stack.configure(**{SECTIONS: ""})
    printed = stack.up()
    assert "+- batch:Pool spot-pool replaced  [diff: -networkConfiguration]" in printed
    assert "-  network:VirtualNetwork shoal-network-vnet deleted" in printed
    with management_client(stack.project.status) as management:
        assert subnet(management, environment.resource_group, environment.batch_account) is None


def subnet(management: BatchManagementClient, group: str, account: str) -> str | None:
    properties = management.pool.get(group, account, "spot").properties
    assert properties
    return properties.network_configuration.subnet_id if properties.network_configuration else None
