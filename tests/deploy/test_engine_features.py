"""Features of the embedded engine beside plain resources, and its refusals."""

import json

import pytest
from azure.storage.blob import BlobServiceClient

from tests.deploy.projects import Project
from tests.deploy.test_engine import GROUP, IDENTITY, exists, group_path, identity_path


def test_protected_resource_is_neither_removed_nor_taken_down(project: Project) -> None:
    protected = IDENTITY.replace('"nodes")', '"nodes", opts=pulumi.ResourceOptions(protect=True))')
    project.program(GROUP + protected)
    project.up()
    project.program(GROUP)
    for arguments in (("up", "-y"), ("down", "-y")):
        refused = project.shoal(*arguments)
        assert (refused.returncode, "nodes is protected" in refused.stderr) == (1, True)
    assert exists(project, identity_path(project))


def test_retained_resource_is_forgotten_but_not_deleted(project: Project) -> None:
    project.program(
        GROUP + IDENTITY.replace('"nodes")', '"nodes", opts=pulumi.ResourceOptions(retain_on_delete=True))')
    )
    project.up()
    project.program(GROUP)
    project.up()
    assert exists(project, identity_path(project))


STORAGE = """
from pulumi_azure_native import storage
name = pulumi.get_project().replace("-", "")
account = storage.StorageAccount("account", resource_group_name=group.name, account_name=name, kind="StorageV2",
    sku={"name": "Standard_LRS"})
opts = pulumi.ResourceOptions(deleted_with=account)
"""
CONTAINER = """
container = storage.BlobContainer("inputs", resource_group_name=group.name, account_name=account.name, opts=opts)
storage.BlobContainerImmutabilityPolicy("policy", resource_group_name=group.name, account_name=account.name,
    container_name=container.name, immutability_policy_name="default", immutability_period_since_creation_in_days=9,
    opts=pulumi.ResourceOptions(retain_on_delete=True))
"""
SOFT_DELETE = """
storage.BlobServiceProperties("service", resource_group_name=group.name, account_name=account.name,
    blob_services_name="default", delete_retention_policy={"enabled": True, "days": 9})
"""


def test_resource_that_is_deleted_with_another_goes_with_it(project: Project) -> None:
    """Alone it could not go: an immutable container with a blob is kept."""
    project.program(GROUP + STORAGE + CONTAINER)
    project.up()
    account = f"{group_path(project)}/providers/Microsoft.Storage/storageAccounts/{project.name.replace('-', '')}"
    keys = project.service.arm.post(f"{account}/listKeys", "2024-01-01")["keys"]
    endpoint = (project.service.arm.get(account, "2024-01-01") or {})["properties"]["primaryEndpoints"]["blob"].rstrip(
        "/"
    )
    credential = {"account_name": project.name.replace("-", ""), "account_key": keys[0]["value"]}
    with BlobServiceClient(endpoint, credential) as blobs:
        blobs.get_blob_client("inputs", "a").upload_blob(b"content")
    project.program(GROUP + STORAGE)
    refused = project.shoal("up", "-y")
    assert "ContainerProtectedFromDeletion" in refused.stderr
    project.program(GROUP)
    assert "-  storage:BlobContainer inputs deleted" in project.up()
    assert project.service.arm.get(account, "2024-01-01") is None


def test_what_is_there_with_its_parent_is_changed_and_reset(project: Project) -> None:
    account = f"{group_path(project)}/providers/Microsoft.Storage/storageAccounts/{project.name.replace('-', '')}"

    def soft_delete() -> object:
        service = project.service.arm.get(f"{account}/blobServices/default", "2024-01-01") or {}
        return service["properties"]["deleteRetentionPolicy"]["enabled"]

    project.program(GROUP + STORAGE + SOFT_DELETE)
    assert "+  storage:BlobServiceProperties service created" in project.up()
    assert soft_delete() is True
    assert "No changes" in project.up()
    project.program(GROUP + STORAGE)
    project.up()
    assert soft_delete() is False
    assert project.shoal("down", "-y").returncode == 0


def test_ignored_change_is_left_to_the_service(project: Project) -> None:
    tagged = GROUP.replace('location="westeurope"', 'location="westeurope", tags={"a": "b"}, managed_by=None')
    ignoring = tagged.replace("managed_by=None", 'opts=pulumi.ResourceOptions(ignore_changes=["tags"])')
    project.program(ignoring)
    project.up()
    project.service.arm.put(group_path(project), "2024-03-01", {"location": "westeurope", "tags": {"by": "hand"}})
    project.program(ignoring.replace('"a": "b"', '"a": "c"').replace("opts=", 'managed_by="x", opts='))
    assert "[diff: +managedBy]" in project.up()
    group = project.service.arm.get(group_path(project), "2024-03-01")
    assert group is not None
    assert (group["tags"], group["managedBy"]) == ({"by": "hand"}, "x")


def test_renamed_resource_is_found_by_its_alias(project: Project) -> None:
    project.program(GROUP)
    project.up()
    renamed = GROUP.replace(
        '("group",', '("renamed", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="group")]),'
    )
    project.program(renamed)
    assert "No changes" in project.up()
    record = project.record()
    assert record is not None
    assert [resource.urn.rsplit("::", 1)[-1] for resource in record.resources] == ["renamed"]


def test_resources_of_components_are_named_as_pulumis_engine_names_them(project: Project) -> None:
    project.program(
        GROUP
        + "box = pulumi.ComponentResource('shoal:index:Box', 'box')\n"
        + IDENTITY.replace('"nodes")', '"nodes", opts=pulumi.ResourceOptions(parent=box))')
    )
    project.up()
    record = project.record()
    assert record is not None
    assert [resource.urn for resource in record.resources] == [
        f"urn:pulumi:local::{project.name}::azure-native:resources:ResourceGroup::group",
        f"urn:pulumi:local::{project.name}::shoal:index:Box$azure-native:managedidentity:UserAssignedIdentity::nodes",
    ]


def test_secret_is_exported_masked_and_kept_nowhere(project: Project) -> None:
    project.program(
        GROUP.replace('location="westeurope"', 'location="westeurope", tags={"key": pulumi.Output.secret("hunter2")}')
        + "pulumi.export('tags', group.tags)\npulumi.export('deep', {'a': [pulumi.Output.secret('hunter2')]})"
    )
    printed = project.up()
    outputs = project.shoal("outputs", "--json").stdout
    assert json.loads(outputs) == {"deep": {"a": ["[secret]"]}, "tags": "[secret]"}
    record = project.record()
    assert "hunter2" not in f"{printed}{outputs}{record}"


def test_functions_of_the_provider_answer_from_the_service(project: Project) -> None:
    project.program(
        GROUP
        + """
from pulumi_azure_native import authorization, batch, storage
config = authorization.get_client_config_output()
pulumi.export("subscription", config.subscription_id)
account = batch.get_batch_account_output(resource_group_name="shoal", account_name="shoal")
pulumi.export("endpoint", account.account_endpoint)
keys = batch.list_batch_account_keys_output(resource_group_name="shoal", account_name="shoal")
pulumi.export("named", keys.account_name)
pulumi.export("key", keys.primary)
shoal = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shoal"
pulumi.export("known", resources.ResourceGroup.get("known", shoal).location)
"""
    )
    project.up()
    assert json.loads(project.shoal("outputs", "--json").stdout) == {
        "subscription": "00000000-0000-0000-0000-000000000000",
        "endpoint": project.status.batch_endpoint,
        "named": "[secret]",
        "key": "[secret]",
        "known": "local",
    }


def test_outputs_of_another_stack_can_be_referred_to(project: Project) -> None:
    project.program("import pulumi\npulumi.export('answer', 42)")
    project.up()
    (project.directory / "Pulumi.second.yaml").write_text(f"config:\n  {project.name}:service: embedded\n")
    project.program(
        "import pulumi\n"
        f"other = pulumi.StackReference('organization/{project.name}/local')\n"
        "pulumi.export('twice', other.require_output('answer').apply(lambda n: int(n) * 2))"
    )
    assert project.shoal("up", "-y", "-s", "second").returncode == 0
    assert json.loads(project.shoal("outputs", "-s", "second", "--json").stdout) == {"twice": 84}


def test_explicit_provider_says_where_resources_are(project: Project) -> None:
    project.program(
        GROUP
        + """
import pulumi_azure_native
elsewhere = pulumi_azure_native.Provider("elsewhere", location="northeurope")
managedidentity.UserAssignedIdentity("nodes", resource_group_name=group.name, resource_name_="nodes",
    opts=pulumi.ResourceOptions(provider=elsewhere))
"""
    )
    project.up()
    identity = project.service.arm.get(identity_path(project), "2023-01-31")
    assert identity is not None
    assert identity["location"] == "northeurope"


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        (
            "from pulumi_azure_native import network\nnetwork.RouteTable('v', resource_group_name='g')",
            "azure-native:network:RouteTable (v) is not a resource type of the embedded service",
        ),
        (
            GROUP.replace("name,", "name, opts=pulumi.ResourceOptions(import_='x'),"),
            "azure-native:resources:ResourceGroup group uses import, which only Pulumi's own engine supports",
        ),
        (
            GROUP.replace("name,", "name, opts=pulumi.ResourceOptions(ignore_changes=['tags.a']),"),
            "uses ignore_changes of a nested property, which only Pulumi's own engine supports",
        ),
        (
            GROUP.replace("name,", "name, opts=pulumi.ResourceOptions(transforms=[lambda args: None]),"),
            "the program uses transforms, which only Pulumi's own engine supports",
        ),
        (
            "import pulumi\nhooks = pulumi.ResourceHookBinding(after_create=[print])\n"
            + GROUP.replace("name,", "name, opts=pulumi.ResourceOptions(hooks=hooks),"),
            "the program uses resource hooks, which only Pulumi's own engine supports",
        ),
        (
            "import pulumi\npulumi.ComponentResource('other:index:Box', 'box', remote=True)",
            "other:index:Box box uses a remote component, which only Pulumi's own engine supports",
        ),
        (
            "from pulumi.dynamic import CreateResult, Resource, ResourceProvider\n"
            "class P(ResourceProvider):\n"
            "    def create(self, props): return CreateResult('x')\n"
            "class Made(Resource):\n"
            "    def __init__(self): super().__init__(P(), 'made', {})\n"
            "Made()",
            "uses a dynamic resource",
        ),
        (
            GROUP.replace('"westeurope"', '"westeurope", tags={"a": pulumi.StringAsset("x")}'),
            "an asset as a property (no resource of the embedded service accepts one)",
        ),
        (
            "import pulumi_azure_native\npulumi_azure_native.Provider('p', use_msi=True)",
            "provider p sets useMsi, which local stacks do not have",
        ),
        (
            "from pulumi_azure_native import compute\ncompute.get_disk_output(disk_name='d', resource_group_name='g')"
            ".apply(print)",
            "the embedded service has no function azure-native:compute:getDisk",
        ),
    ],
)
def test_what_only_pulumis_engine_can_do_is_refused_by_name(project: Project, program: str, refusal: str) -> None:
    project.program(program)
    refused = project.shoal("preview")
    assert refusal in refused.stderr
    assert refused.returncode == 2


def test_two_resources_of_one_name_are_refused(project: Project) -> None:
    project.program(GROUP + 'resources.ResourceGroup("group", resource_group_name=name, location="westeurope")')
    refused = project.shoal("preview")
    assert refused.returncode == 1
    assert "give one of them another name" in refused.stderr


BATCH_ACCOUNT = """
from pulumi_azure_native import batch
name = pulumi.get_project().replace("-", "")
account = batch.BatchAccount("account", resource_group_name=group.name, account_name=name)
pulumi.export("endpoint", account.account_endpoint)
"""


def test_operations_that_arm_only_accepts_at_first_are_waited_for(project: Project) -> None:
    project.program(GROUP + BATCH_ACCOUNT)
    account = f"{group_path(project)}/providers/Microsoft.Batch/batchAccounts/{project.name.replace('-', '')}"
    with project.status.chaos(arm_operation_seconds=0.5):
        project.up()
        assert json.loads(project.shoal("outputs", "--json").stdout)["endpoint"].startswith(project.status.arm_endpoint)
        assert exists(project, account)
        assert project.shoal("down", "-y").returncode == 0
    assert not exists(project, group_path(project))
