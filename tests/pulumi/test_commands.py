"""Plain `pulumi` in a shell that knows the embedded service, on the repository's project and on small programs."""

import json
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient

from tests.deploy.stacks import Stack
from tests.deploy.test_engine import GROUP
from tests.pulumi.conftest import PulumiProject
from tests.waiting import wait_until

pytestmark = pytest.mark.pulumi

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
POOL = """
import pulumi
from pulumi_azure_native import batch
batch.Pool("own", resource_group_name="shoal", account_name="shoal", pool_name=pulumi.get_project(),
    vm_size="standard_d2s_v3",
    deployment_configuration={"virtual_machine_configuration": {
        "image_reference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "node_agent_sku_id": "batch.node.ubuntu 24.04"}},
    scale_settings={"fixed_scale": {"target_low_priority_nodes": 1}},
    opts=pulumi.ResourceOptions(replace_on_changes=["vmSize"], delete_before_replace=True))
"""


def plain(stack: Stack) -> PulumiProject:
    assert isinstance(stack.project, PulumiProject)
    return stack.project


def test_commands_work_from_the_root_of_the_project(stack: Stack) -> None:
    project, name = plain(stack), stack.name
    project.must_pulumi("stack", "init", name)
    assert "azure-native:batch:Pool spot-pool create" in project.must_pulumi("preview", "-s", name)
    project.must_pulumi("up", "-y", "-s", name)
    assert "24 unchanged" in project.must_pulumi("up", "-y", "-s", name, "--skip-preview")
    assert "24 unchanged" in project.must_pulumi("refresh", "-y", "-s", name, "--skip-preview")
    outputs = project.must_pulumi("stack", "output", "-s", name, "--json")
    assert json.loads(outputs) == json.loads(project.shoal("outputs", "-s", name, "--json").stdout)
    project.must_pulumi("destroy", "-y", "-s", name, "--skip-preview")
    group = f"{SUBSCRIPTION}/resourceGroups/{name.replace('-', '')}"
    assert project.service.arm.get(group, "2024-03-01") is None


def test_pool_that_somebody_resized_or_deleted_is_found_by_refresh_and_put_right(
    stack: Stack, management: BatchManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = plain(stack)
    text = stack.file.read_text()
    stack.file.write_text(text[: text.index("maxSpotNodes")] + "spotNodes: 3\n")
    stack.up()
    account = stack.name.replace("-", ""), stack.name.replace("-", "")
    key = management.batch_account.get_keys(*account).primary or ""
    endpoint = stack.environment(monkeypatch).batch_endpoint
    with BatchClient(endpoint, AzureNamedKeyCredential(account[1], key)) as batch:
        wait_until(lambda: batch.get_pool("spot").allocation_state == models.AllocationState.STEADY)
        batch.begin_resize_pool("spot", models.BatchPoolResizeOptions(target_low_priority_nodes=1)).result()
    refreshed = project.must_pulumi("refresh", "-y", "-s", stack.name, "--skip-preview")
    assert "azure-native:batch:Pool spot-pool updated" in refreshed
    assert "1 updated" in refreshed
    assert " ~  batch:Pool spot-pool updated  [diff: ~scaleSettings]" in stack.up()
    pool = management.pool.get(*account, "spot").properties
    assert pool
    assert pool.scale_settings
    assert pool.scale_settings.fixed_scale
    assert pool.scale_settings.fixed_scale.target_low_priority_nodes == 3
    management.pool.begin_delete(*account, "spot").result()
    assert "spot-pool deleted" in project.must_pulumi("refresh", "-y", "-s", stack.name, "--skip-preview")
    assert " +  batch:Pool spot-pool created" in stack.up()


def test_secret_is_encrypted_in_the_state_and_never_printed(project: PulumiProject) -> None:
    with (project.directory / "Pulumi.yaml").open("a") as file:
        file.write("  word: {type: string, default: none}\n")
    project.must_pulumi("stack", "init", "local")
    project.must_pulumi("config", "set", "--secret", "word", "hunter2", "-s", "local")
    project.program(
        GROUP.replace(
            'location="westeurope"', 'location="westeurope", tags={"k": pulumi.Config().require_secret("word")}'
        )
        + "from pulumi_azure_native import batch\n"
        "keys = batch.list_batch_account_keys_output(resource_group_name='shoal', account_name='shoal')\n"
        "pulumi.export('tags', group.tags)\npulumi.export('key', keys.primary)\n"
    )
    printed = project.must_pulumi("up", "-y", "-s", "local") + project.must_pulumi("preview", "--diff", "-s", "local")
    printed += project.up() + project.shoal("up", "--json").stdout + project.shoal("outputs", "--json").stdout
    assert '"tags": "[secret]"' in printed
    group = project.service.arm.get(f"{SUBSCRIPTION}/resourceGroups/{project.name}", "2024-03-01")
    assert group is not None
    assert group["tags"] == {"k": "hunter2"}
    state = Path(project.status.state_dir) / "pulumi" / "state" / ".pulumi"
    kept = [file.read_text() for file in state.rglob("*.json") if project.name in str(file)]
    assert kept
    for secret in ("hunter2", project.status.key):
        assert secret not in printed
        assert not any(secret in text for text in kept)


def test_secret_of_a_pool_is_in_no_comment_and_breaks_none(project: PulumiProject) -> None:
    secret = """{"auto_scale": {"formula": pulumi.Output.secret("hunter2 = 1;")}}"""
    project.program(
        POOL.replace("""{"fixed_scale": {"target_low_priority_nodes": 1}}""", secret)
        + "pulumi.export('word', pulumi.Output.secret('hunter2'))\n"
    )
    for words in ((), ("--json",)):
        done = project.shoal("comment", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert "hunter2" not in done.stdout
        assert "batch:Pool own" in done.stdout


def test_pool_that_is_there_already_is_imported_and_kept(
    project: PulumiProject, client: BatchClient, management: BatchManagementClient
) -> None:
    client.create_pool(
        models.BatchPoolCreateOptions(
            id=project.name,
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.BatchVmImageReference(
                    publisher="canonical", offer="ubuntu-24_04-lts", sku="server"
                ),
                node_agent_sku_id="batch.node.ubuntu 24.04",
            ),
            target_low_priority_nodes=1,
        )
    )
    made = client.get_pool(project.name).creation_time
    id_ = f"{SUBSCRIPTION}/resourceGroups/shoal/providers/Microsoft.Batch/batchAccounts/shoal/pools/{project.name}"
    project.must_pulumi("stack", "init", "local")
    token = "azure-native:batch:Pool"
    arguments = ("--generate-code=false", "--protect=false", "-y", "-s", "local")
    project.must_pulumi("import", token, "own", id_, *arguments)
    project.program(POOL)
    assert "created" not in project.up()
    assert "No changes" in project.up()
    assert client.get_pool(project.name).creation_time == made
    project.program("")
    assert " -  batch:Pool own deleted" in project.up()
    with pytest.raises(ResourceNotFoundError):
        management.pool.get("shoal", "shoal", project.name)


def test_pool_that_is_replaced_is_deleted_before_it_is_made_again(project: PulumiProject, client: BatchClient) -> None:
    project.program(POOL)
    project.up()
    project.program(POOL.replace("standard_d2s_v3", "standard_d4s_v3"))
    printed = project.must_pulumi("up", "-y", "-s", "local", "--skip-preview")
    assert printed.index("own deleted original") < printed.index("own created replacement")
    assert wait_until(lambda: client.get_pool(project.name).vm_size) == "standard_d4s_v3"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "from pulumi_azure_native import network\nnetwork.RouteTable('v', resource_group_name='g')",
            "azure-native:network:RouteTable (v) is not a resource type of the embedded service",
        ),
        (
            POOL.replace("shoal", "nobody"),
            "batch:Pool own: ",
        ),
        ("raise RuntimeError('no luck')", "error: no luck"),
    ],
)
def test_failure_names_the_resource_and_is_told_once(project: PulumiProject, program: str, message: str) -> None:
    project.program(program)
    failed = project.shoal("up", "-y")
    assert failed.stderr.count(message) == 1
    assert failed.returncode == 1


def test_refusal_that_is_known_is_told_with_the_next_step_above_it(project: PulumiProject) -> None:
    taken = project.status.storage_account
    project.program(
        GROUP + "from pulumi_azure_native import storage\n"
        f"storage.StorageAccount('store', resource_group_name=group.name, account_name='{taken}',"
        " kind='StorageV2', sku={'name': 'Standard_LRS'})\n"
    )
    sentence, original, *_ = project.shoal("up", "-y").stderr.splitlines()
    assert sentence.startswith(f"error: the storage account name {taken} is already taken in Azure; choose another")
    assert original.startswith(f"  storage:StorageAccount store: The account name {taken} is already taken.")


def test_local_stack_is_not_made_in_azure_by_a_shell_that_does_not_know_the_service(stack: Stack) -> None:
    project = plain(stack)
    project.must_pulumi("stack", "init", stack.name)
    refused = project.pulumi_without("ARM_METADATA_HOSTNAME", "preview", "-s", stack.name)
    assert "is on this machine, but resources would be made at https://management.azure.com" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert refused.returncode == 1


def test_resource_of_somebody_else_is_not_taken_over(project: PulumiProject) -> None:
    project.service.arm.put(f"{SUBSCRIPTION}/resourceGroups/{project.name}", "2024-03-01", {"location": "westeurope"})
    project.program(GROUP)
    failed = project.shoal("up", "-y")
    assert "resources:ResourceGroup group: " in failed.stderr
    assert "exists already and is not this stack's" in failed.stderr
