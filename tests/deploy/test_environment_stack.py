"""The project's own program, deployed to a service: what it makes, changes and leaves."""

import json
import shutil
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient

from tests.arm import ArmHttp
from tests.deploy.stacks import Stack
from tests.local.arm.test_storage_accounts import blob_client
from tests.services import REPOSITORY
from tests.waiting import wait_until


def test_deployed_environment_can_be_used_at_once(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    assert environment.stack == stack.name
    assert environment.arm_endpoint == stack.project.status.arm_endpoint
    key = management.batch_account.get_keys(environment.resource_group, environment.batch_account).primary
    credential = AzureNamedKeyCredential(environment.batch_account, key or "")
    with BatchClient(environment.batch_endpoint, credential) as batch:
        pool = batch.get_pool(environment.pools["spot"].id)
        assert pool.task_slots_per_node == environment.pools["spot"].task_slots_per_node == 4
        assert batch.get_application("var").versions == [environment.packages["var"].version]
        batch.create_job(models.BatchJobCreateOptions(id="first", pool_info=models.BatchPoolInfo(pool_id="spot")))
        batch.create_task("first", models.BatchTaskCreateOptions(id="task", command_line="true"))
        wait_until(lambda: batch.get_task("first", "task").state == "completed")
    assert "No changes: all 17 resources are as declared." in stack.up()


def test_changed_package_becomes_a_version_that_the_pool_takes(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.configure(**{"maxDedicatedNodes: 0\n": "maxDedicatedNodes: 0\n      packages: [var]\n"})
    stack.up()
    first = stack.environment(monkeypatch).packages["var"].version
    (stack.app / "simulate.py").write_text("print('second')\n")
    printed = stack.up()
    assert "+- batch:ApplicationPackage var-version replaced  [diff: ~versionName]" in printed
    assert " ~  batch:Pool spot-pool updated  [diff: ~applicationPackages]" in printed
    environment = stack.environment(monkeypatch)
    second = environment.packages["var"].version
    assert second != first
    account = environment.resource_group, environment.batch_account
    assert [package.name for package in management.application_package.list(*account, "var")] == [second]
    application = management.application.get(*account, "var").properties
    pool = management.pool.get(*account, "spot").properties
    assert application
    assert application.default_version == second
    assert pool
    assert [reference.version for reference in pool.application_packages or ()] == [second]


def test_changed_package_touches_no_pool_unless_the_pool_has_it(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    before = management.pool.get(environment.resource_group, environment.batch_account, "spot").as_dict()
    assert "applicationPackages" not in before["properties"]
    (stack.app / "simulate.py").write_text("print('second')\n")
    printed = stack.up()
    assert "+- batch:ApplicationPackage var-version replaced  [diff: ~versionName]" in printed
    assert "1 replaced, 16 unchanged." in printed
    after = management.pool.get(environment.resource_group, environment.batch_account, "spot").as_dict()
    assert after["properties"]["lastModified"] == before["properties"]["lastModified"]


def test_activation_that_was_broken_off_is_mended_by_the_next_deployment(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    version = environment.resource_group, environment.batch_account, "var", environment.packages["var"].version
    pending = management.application_package.create(*version).properties
    assert pending
    assert pending.state == "Pending"
    stack.up()
    active = management.application_package.get(*version).properties
    assert active
    assert active.state == "Active"


def test_pool_is_changed_in_place_replaced_and_removed_as_configured(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    environment = stack.environment(monkeypatch)
    stack.configure(**{"maxSpotNodes: 3": "maxSpotNodes: 2"})
    assert "~  batch:Pool spot-pool updated  [diff: ~scaleSettings]" in stack.up()
    stack.configure(standard_d2s_v3="standard_d4s_v3")
    assert "+- batch:Pool spot-pool replaced  [diff: ~vmSize]" in stack.up()
    assert stack.environment(monkeypatch).pools["spot"].vm_size == "standard_d4s_v3"
    text = stack.file.read_text()
    stack.file.write_text(text[: text.index("  shoal:pools:")] + "  shoal:pools: []\n")
    assert "-  batch:Pool spot-pool deleted" in stack.up()
    with pytest.raises(ResourceNotFoundError):
        management.pool.get(environment.resource_group, environment.batch_account, "spot")


def test_stack_that_is_taken_down_leaves_nothing_in_the_service(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack has a job in the middle of a task, immutable inputs, outputs, and a changed package."""
    stack.file.write_text(f"{stack.file.read_text()}  shoal:inputsImmutableForDays: 30\n")
    stack.up()
    (stack.app / "simulate.py").write_text("print('second')\n")
    stack.up()
    environment = stack.environment(monkeypatch)
    key = management.batch_account.get_keys(environment.resource_group, environment.batch_account).primary
    credential = AzureNamedKeyCredential(environment.batch_account, key or "")
    with BatchClient(environment.batch_endpoint, credential) as batch:
        batch.create_job(models.BatchJobCreateOptions(id="first", pool_info=models.BatchPoolInfo(pool_id="spot")))
        batch.create_task("first", models.BatchTaskCreateOptions(id="task", command_line="sleep 600"))
        wait_until(lambda: batch.get_task("first", "task").state == "running")
    group = ArmHttp(stack.project.status, environment.resource_group)
    store = f"{group.group}/providers/Microsoft.Storage/storageAccounts/{environment.storage_account}"
    with blob_client(group, store) as blobs:
        for container in ("inputs", "outputs"):
            blobs.get_blob_client(container, "kept").upload_blob(b"content")
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert down.returncode == 0, down.stderr
    _assert_nothing_is_left(group, store, stack.name)


def _assert_nothing_is_left(group: ArmHttp, store: str, stack: str) -> None:
    subscription = group.group.rsplit("/", 2)[0]
    kinds = (
        "Microsoft.Batch/batchAccounts",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Resources/deploymentStacks",
    )
    listed = [group.call("GET", f"{subscription}/providers/{kind}")[1] for kind in kinds]
    listed.append(group.call("GET", f"{subscription}/resourceGroups")[1])
    assert stack.replace("-", "") not in json.dumps(listed).replace("-", "")
    group.make("", {"location": "westeurope"})
    group.make(store, {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    with blob_client(group, store) as blobs:
        assert list(blobs.list_containers()) == []
    assert group.call("DELETE", "")[0] == 200


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("maxSpotNodes: 3", "maxSpotNodes: 0", "shoal:pools[0].maxSpotNodes is 0; it must be at least 1 (FILE)"),
        (
            "taskSlotsPerNode",
            "taskSlots",
            "shoal:pools[0].taskSlots is not a known key; did you mean taskSlotsPerNode?",
        ),
        (
            "shoal:resourceGroup: ",
            "shoal:outputsExpireAfterDays: soon #",
            "shoal:outputsExpireAfterDays is soon; it must be of type integer (FILE)",
        ),
        ("directory: examples/var/app", "directory: nowhere", "/nowhere does not exist; it is relative to the project"),
        (
            "directory: examples/var/app",
            'directory: examples/var/app\n      version: "0123456789abcdef"',
            "/examples/var/app, and version 0123456789abcdef is pinned; bring that content back, or pin version: ",
        ),
        ("shoal:service: embedded", "shoal:service: aws", "shoal:service is aws; it must be azure or embedded (FILE)"),
        ("config:", "config: [", "FILE line "),
    ],
)
def test_wrong_configuration_is_one_message_and_creates_nothing(stack: Stack, old: str, new: str, message: str) -> None:
    stack.configure(**{old: new})
    refused = stack.project.shoal("up", "-y", "-s", stack.name)
    assert message.replace("FILE", stack.file.name) in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert refused.returncode == 2
    group = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{stack.name.replace('-', '')}"
    assert stack.project.service.arm.get(group, "2024-03-01") is None


def test_service_that_is_not_running_is_said_with_what_to_do(stack: Stack, tmp_path: Path) -> None:
    for command in (("up", "-y"), ("preview",), ("down", "-y"), ("outputs", "--json")):
        refused = stack.project.shoal(*command, "-s", stack.name, state=str(tmp_path / "no-service"))
        assert refused.stderr == "error: the embedded service is not running; start it with `shoal local start`\n"
        assert refused.returncode == 2


def test_stack_that_is_not_deployed_has_no_outputs(stack: Stack) -> None:
    refused = stack.project.shoal("outputs", "--json", "-s", stack.name)
    assert refused.stderr == f"error: stack {stack.name} is not deployed; run `shoal up -s {stack.name}`\n"
    assert refused.returncode == 2


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("embedded", "stack dev is in Azure, which only Pulumi's engine deploys to; leave out --engine"),
        ("pulumi", "`pulumi` is not on the PATH; install it"),
    ],
)
def test_azure_stack_is_deployed_by_pulumis_engine_only(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, engine: str, message: str
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", stack.project.directory)
    refused = stack.project.shoal("up", "-y", "-s", "dev", "--engine", engine)
    assert message in refused.stderr
    assert refused.returncode == 2
