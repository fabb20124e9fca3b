from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.environment import Environment, EnvironmentArgs
from components.errors import SettingsError
from shoal.autoscale.review import review
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.environment import Authentication, from_json
from shoal.environment import Environment as Document
from tests.programs import SUBSCRIPTION, Recording, record


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "simulate.py").write_text("print('hello')\n")
    return tmp_path


def arguments(**changes: Any) -> EnvironmentArgs:
    args: EnvironmentArgs = {
        "location": "westeurope",
        "resource_group": "",
        "batch_account": "mybatch",
        "storage_account": "mystorage",
        "authentication": Authentication.ENTRA,
        "outputs_expire_after_days": 14,
        "submitters": [],
        "packages": [{"name": "var", "directory": "app"}],
        "pools": [
            {
                "name": "spot",
                "vm_size": "standard_d2s_v3",
                "image": "ubuntu-24.04",
                "spot_nodes": 3,
                "packages": ["var"],
            }
        ],
    }
    args.update(changes)  # type: ignore[typeddict-item]  # a test may set any argument
    return args


def declare(project: Path, **changes: Any) -> Recording:
    def program() -> None:
        for name, value in Environment("shoal", arguments(**changes)).document().items():
            pulumi.export(name, value)

    return record(program, root=str(project))


def test_stack_exports_exactly_the_environment_document(project: Path) -> None:
    outputs = declare(project).outputs
    assert set(outputs) == {field.name for field in fields(Document)}
    document = from_json(outputs)
    assert document.batch_endpoint == "https://mybatch.westeurope.batch.azure.com"
    assert document.blob_endpoint == "https://mystorage.blob.core.windows.net"
    assert document.arm_endpoint == "https://management.azure.com"
    assert document.authentication is Authentication.ENTRA
    assert document.pools["spot"].id == "spot"
    assert document.packages["var"].application == "var"
    assert document.subscription_id == SUBSCRIPTION


def test_entra_stack_takes_no_key_anywhere(project: Path) -> None:
    recording = declare(project)
    assert recording.only("storage:StorageAccount").inputs["allowSharedKeyAccess"] is False
    account = recording.only("batch:BatchAccount").inputs
    assert account["allowedAuthenticationModes"] == ["AAD"]
    assert account["autoStorage"]["authenticationMode"] == "BatchAccountManagedIdentity"
    assert account["autoStorage"]["nodeIdentityReference"]["resourceId"].endswith("nodes-identity")


def test_shared_key_stack_differs_in_nothing_but_how_clients_prove_themselves(project: Path) -> None:
    entra, keyed = declare(project), declare(project, authentication=Authentication.SHARED_KEY)
    assert {resource.name for resource in keyed.resources} == {resource.name for resource in entra.resources}
    assert keyed.only("storage:StorageAccount").inputs["allowSharedKeyAccess"] is True
    assert keyed.only("batch:BatchAccount").inputs["autoStorage"] == {
        "storageAccountId": entra.only("batch:BatchAccount").inputs["autoStorage"]["storageAccountId"],
        "authenticationMode": "StorageKeys",
    }


def test_storage_is_closed_to_the_public_and_its_outputs_expire(project: Path) -> None:
    recording = declare(project)
    account = recording.only("storage:StorageAccount").inputs
    assert account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"
    (rule,) = recording.only("storage:ManagementPolicy").inputs["policy"]["rules"]
    assert rule["definition"]["actions"] == {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 14}}}
    assert rule["definition"]["filters"]["prefixMatch"] == ["outputs/", "logs/"]


def test_nodes_may_read_the_storage_and_write_only_outputs_and_logs(project: Path) -> None:
    granted = {
        (role.inputs["scope"].rsplit("/", 1)[-1], role.inputs["roleDefinitionId"].rsplit("/", 1)[-1])
        for role in declare(project).of_type("authorization:RoleAssignment")
        if role.inputs["principalId"] == "principal-of-mybatch-nodes"
    }
    reader, contributor = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    assert granted == {
        ("shoal-storage-account", reader),
        ("shoal-storage-outputs", contributor),
        ("shoal-storage-logs", contributor),
    }


def test_submitters_may_use_the_account_and_its_storage(project: Path) -> None:
    recording = declare(project, submitters=[{"principal_id": "someone", "principal_type": "Group"}])
    roles = [r for r in recording.of_type("authorization:RoleAssignment") if r.inputs["principalId"] == "someone"]
    assert len(roles) == 3
    assert {role.inputs["principalType"] for role in roles} == {"Group"}


def test_pool_has_fixed_spot_nodes_the_package_by_version_and_the_identity(project: Path) -> None:
    recording = declare(project)
    pool = recording.only("batch:Pool").inputs
    version = recording.only("batch:ApplicationPackage").inputs["versionName"]
    assert pool["scaleSettings"] == {"fixedScale": {"targetLowPriorityNodes": 3, "targetDedicatedNodes": 0}}
    assert [package["version"] for package in pool["applicationPackages"]] == [version]
    assert len(pool["identity"]["userAssignedIdentities"]) == 1
    machine = pool["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert machine["nodeAgentSkuId"] == "batch.node.ubuntu 24.04"


def test_pool_with_a_formula_is_scaled_by_it(project: Path) -> None:
    own = "$TargetLowPriorityNodes = 2;"
    assert scaled(project, auto_scale_formula=own) == {"autoScale": {"formula": own, "evaluationInterval": "PT5M"}}


def scaled(project: Path, **scaling: Any) -> dict[str, Any]:
    pool = {"name": "spot", "vm_size": "x", "image": "ubuntu-24.04", "task_slots_per_node": 4, **scaling}
    settings: dict[str, Any] = declare(project, pools=[pool]).only("batch:Pool").inputs["scaleSettings"]
    return settings


def test_pool_that_says_nothing_of_scaling_follows_its_tasks_with_spot_nodes(project: Path) -> None:
    assert scaled(project) == {"autoScale": {"formula": formula(PendingTasks()), "evaluationInterval": "PT5M"}}


def test_limits_of_a_pool_are_those_of_its_formula(project: Path) -> None:
    limits = {"max_spot_nodes": 7, "max_dedicated_nodes": 2, "slots_per_task": 1.5, "max_step": 3, "warm_up_nodes": 1}
    settings = scaled(project, **limits, hold="PT30M", auto_scale_evaluation_interval="PT10M")
    assert settings["autoScale"] == {
        "formula": formula(
            PendingTasks(
                max_spot_nodes=7,
                max_dedicated_nodes=2,
                slots_per_task=1.5,
                max_step=3,
                warm_up_nodes=1,
                hold=timedelta(minutes=30),
                evaluation_interval=timedelta(minutes=10),
            )
        ),
        "evaluationInterval": "PT10M",
    }


@pytest.mark.parametrize("interval", ["PT1S", "PT5M", "PT15M", "PT1H"])
def test_formula_of_a_pool_fits_its_interval(project: Path, interval: str) -> None:
    auto_scale = scaled(project, auto_scale_evaluation_interval=interval)["autoScale"]
    assert auto_scale["evaluationInterval"] == interval
    assert review(auto_scale["formula"]) == ()


@pytest.mark.parametrize(
    ("scaling", "message"),
    [
        ({"spot_nodes": 2, "max_spot_nodes": 3}, "pool spot has both spot_nodes and max_spot_nodes"),
        ({"auto_scale_formula": "1;", "hold": "PT10M"}, "pool spot has both auto_scale_formula and hold"),
        ({"max_spot_nodes": 0}, "pool spot: max_spot_nodes is 0; it must be at least 1"),
        ({"hold": "PT1M"}, "pool spot: hold is 0:01:00; it must be at least 0:05:00"),
    ],
)
def test_component_refuses_scaling_that_makes_no_sense(project: Path, scaling: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        scaled(project, **scaling)


def test_start_task_runs_as_administrator_where_asked(project: Path) -> None:
    pool = {
        "name": "spot",
        "vm_size": "x",
        "image": "ubuntu-24.04",
        "spot_nodes": 1,
        "start_task": {"command_line": "apt-get install -y r-base", "elevated": True},
    }
    task = declare(project, pools=[pool]).only("batch:Pool").inputs["startTask"]
    assert task["commandLine"] == "apt-get install -y r-base"
    assert task["waitForSuccess"] is True
    assert task["userIdentity"] == {"autoUser": {"scope": "Pool", "elevationLevel": "Admin"}}


def test_what_azure_cannot_change_in_a_pool_replaces_it_after_the_old_one_is_gone(project: Path) -> None:
    pool = declare(project).only("batch:Pool")
    assert set(pool.replace_on_changes) == {
        "vmSize",
        "deploymentConfiguration",
        "networkConfiguration",
        "interNodeCommunication",
        "taskSlotsPerNode",
        "taskSchedulingPolicy",
        "userAccounts",
        "mountConfiguration",
    }
    assert pool.delete_before_replace is True


def test_accounts_without_a_name_get_the_same_one_in_every_run(project: Path) -> None:
    first, second = (declare(project, batch_account="", storage_account="") for _ in range(2))
    name = first.only("batch:BatchAccount").inputs["accountName"]
    assert name == second.only("batch:BatchAccount").inputs["accountName"]
    assert name == first.only("storage:StorageAccount").inputs["accountName"]
    assert name.startswith("shoaldev")
    assert name.isalnum()
    assert len(name) <= 24
