"""`az`, Azure's own command line, on both planes of a service over HTTPS: the quickstart, and each other command.

Source: learn.microsoft.com/azure/batch/quick-create-cli, read in November 2026.
"""

import json
import os
import shlex
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.service_status import Status
from tests.local.clients.installed import python_with
from tests.services import running_service
from tests.waiting import wait_until

pytestmark = pytest.mark.soak

IMAGE = '--image canonical:ubuntu-24_04-lts:server --node-agent-sku-id "batch.node.ubuntu 24.04"'
MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
GROUP = "--name mybatchaccount --resource-group myResourceGroup"


class Az:
    """`az` with a configuration of its own, in a folder of its own."""

    def __init__(self, folder: Path, service: Status) -> None:
        self.program = python_with("azure-cli").parent / "az"
        self.folder = folder
        self.service = service
        of_the_default_account = ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY")
        variables = {
            name: value for name, value in service.client_variables.items() if name not in of_the_default_account
        }
        self.environment = {
            "PATH": os.environ["PATH"],
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            **variables,
        }

    def __call__(self, line: str) -> Any:
        """Run a command, and return what it prints as JSON; None if it prints nothing."""
        words: list[str | Path] = [self.program, *shlex.split(line)]
        ended = subprocess.run(
            words, cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, f"az {line}: {ended.stderr}"
        return json.loads(ended.stdout) if ended.stdout[:1] in ("{", "[", '"') else ended.stdout.strip() or None

    def register(self) -> None:
        """Make the service the cloud of this `az`."""
        self(f"cloud register --name local --endpoint-resource-manager {self.service.arm_endpoint}")
        self("cloud set --name local")
        # MSAL would ask Microsoft's own host about an authority that it does not know.
        self("config set core.instance_discovery=false")

    def write(self, name: str, content: Any) -> str:
        (self.folder / name).write_text(json.dumps(content))
        return name


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    with running_service(tmp_path_factory.mktemp("state"), https=True) as status:
        yield status


@pytest.fixture(scope="module")
def az(service: Status, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Logged in as the machine, with a resource group, a storage account and a Batch account as the quickstart has."""
    made = Az(tmp_path_factory.mktemp("az"), service)
    made.register()
    made("login --identity")
    made("group create --name myResourceGroup --location eastus2")
    made(
        "storage account create --resource-group myResourceGroup --name mystorageaccount --location eastus2"
        " --sku Standard_LRS"
    )
    made(
        "batch account create --name mybatchaccount --storage-account mystorageaccount"
        " --resource-group myResourceGroup --location eastus2"
    )
    made(f"batch account login {GROUP} --shared-key-auth")
    return made


def test_the_quickstart_runs_as_it_is_written(az: Az) -> None:
    az(
        "batch pool create --id myPool --image canonical:0001-com-ubuntu-server-focal:20_04-lts"
        ' --node-agent-sku-id "batch.node.ubuntu 20.04" --target-dedicated-nodes 2 --vm-size Standard_A1_v2'
    )
    shown = az('batch pool show --pool-id myPool --query "{allocationState: allocationState}"')
    assert shown["allocationState"] in ("resizing", "steady")
    az("batch job create --id myJob --pool-id myPool")
    for number in range(1, 5):
        az(
            f"batch task create --task-id myTask{number} --job-id myJob"
            """ --command-line "/bin/bash -c 'printenv | grep AZ_BATCH; sleep 1s'" """
        )
    wait_until(lambda: az("batch task show --job-id myJob --task-id myTask1 --query state -o tsv") == "completed")
    task = az("batch task show --job-id myJob --task-id myTask1")
    assert task["executionInfo"]["exitCode"] == 0
    assert task["nodeInfo"]["nodeId"]
    listed = az("batch task file list --job-id myJob --task-id myTask1 --output table")
    assert all(name in listed for name in ("stdout.txt", "stderr.txt", "wd"))
    az("batch task file download --job-id myJob --task-id myTask1 --file-path stdout.txt --destination ./stdout.txt")
    lines = (az.folder / "stdout.txt").read_text().splitlines()
    assert {"AZ_BATCH_JOB_ID=myJob", "AZ_BATCH_POOL_ID=myPool", "AZ_BATCH_ACCOUNT_NAME=mybatchaccount"} <= set(lines)
    az("batch pool delete --pool-id myPool --yes")


def test_accounts_are_listed_shown_and_set_and_their_keys_renewed(az: Az) -> None:
    assert "mybatchaccount" in az("batch account list --query [].name")
    # Without a name: the account that it is logged in to, which it finds by its endpoint.
    assert az("batch account show")["name"] == az(f"batch account show {GROUP}")["name"] == "mybatchaccount"
    before = az(f"batch account keys list {GROUP}")
    after = az(f"batch account keys renew {GROUP} --key-name secondary")
    assert (after["primary"], after["secondary"] != before["secondary"]) == (before["primary"], True)
    assert az(f"batch account set {GROUP} --tags stage=dev")["tags"] == {"stage": "dev"}
    assert az(f"batch account set {GROUP} --storage-account mystorageaccount")["autoStorage"]["storageAccountId"]
    az(f"batch account autostorage-keys sync {GROUP}")
    assert az(f"batch account identity assign {GROUP} --system-assigned")["type"] == "SystemAssigned"
    az(f"batch account identity remove {GROUP} --system-assigned --yes")
    az(f"batch account network-profile set {GROUP} --profile BatchAccount --default-action Deny")
    az(f"batch account network-profile network-rule add {GROUP} --profile BatchAccount --ip-address 1.2.3.4")
    assert "1.2.3.4" in json.dumps(az(f"batch account network-profile network-rule list {GROUP}"))
    az(f"batch account network-profile network-rule delete {GROUP} --profile BatchAccount --ip-address 1.2.3.4 --yes")
    az(f"batch account network-profile set {GROUP} --profile BatchAccount --default-action Allow")
    assert az("batch location quotas show --location eastus2")["accountQuota"] > 0


def test_packages_are_uploaded_and_activated_by_one_command(az: Az) -> None:
    with zipfile.ZipFile(az.folder / "tool.zip", "w") as archive:
        archive.writestr("tool.txt", "hello")
    application, version = f"{GROUP} --application-name tool", "--version-name 1.0"
    az(f"batch application create {application}")
    az(f"batch application package create {application} {version} --package-file tool.zip")
    package = az(f"batch application package activate {application} {version} --format zip")
    assert package["state"].lower() == "active"
    az(f"batch application set {application} --default-version 1.0")
    assert az("batch application summary list --query [].versions[]") == ["1.0"]
    az(
        f"batch pool create --id packed {IMAGE} --target-dedicated-nodes 1 --vm-size Standard_D2s_v3"
        " --application-package-references tool#1.0"
    )
    az("batch job create --id packed --pool-id packed")
    command = "/bin/sh -c 'cat $AZ_BATCH_APP_PACKAGE_tool_1_0/*'"
    az(f'batch task create --job-id packed --task-id t --command-line "{command}"')
    wait_until(lambda: az("batch task show --job-id packed --task-id t --query state") == "completed")
    az("batch task file download --job-id packed --task-id t --file-path stdout.txt --destination ./packed.txt")
    assert (az.folder / "packed.txt").read_text() == "hello"
    az("batch job delete --job-id packed --yes")
    az("batch pool delete --pool-id packed --yes")


def test_login_as_a_service_principal_opens_the_data_plane_with_its_token(
    service: Status, az: Az, tmp_path: Path
) -> None:
    principal = Az(tmp_path, service)
    principal.register()
    principal(
        f"login --service-principal --username {service.client_id} --password {service.client_secret}"
        f" --tenant {service.tenant_id}"
    )
    principal(f"batch account login {GROUP}")
    principal("batch job create --id principal --pool-id none")
    assert principal("batch job list --query [].id") == az("batch job list --query [].id")
    principal("batch job delete --job-id principal --yes")


def test_pools_and_nodes_are_driven_by_each_command(az: Az) -> None:
    az(
        f"batch pool create --id p {IMAGE} --target-dedicated-nodes 1 --vm-size Standard_D2s_v3 --task-slots-per-node 2"
        " --start-task-command-line /bin/true --start-task-wait-for-success --metadata a=b --resize-timeout PT15M"
    )
    scaled = {"enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes = 0"}
    az.write("auto.json", {"id": "auto", "vmSize": "standard_d2s_v3", "virtualMachineConfiguration": MACHINE, **scaled})
    az("batch pool create --json-file auto.json")
    assert len(az("batch pool list --filter \"state eq 'active'\" --select id,state")) >= 2
    wait_until(lambda: az("batch node list --pool-id p --query [].state") == ["idle"])
    az("batch pool set --pool-id p --metadata c=d")
    # It sends empty lists for all that it is not given, here of a pool with a node.
    reset = az("batch pool reset --pool-id p --start-task-command-line /bin/true")
    assert (reset["metadata"] or []) == []
    formula = "--pool-id auto --auto-scale-formula '$TargetDedicatedNodes = 0'"
    assert "TargetDedicatedNodes=0" in az(f"batch pool autoscale evaluate {formula}")["results"]
    az(f"batch pool autoscale enable {formula} --auto-scale-evaluation-interval PT5M")
    az("batch pool autoscale disable --pool-id auto")
    assert {pool["poolId"] for pool in az("batch pool node-counts list")} >= {"p", "auto"}
    az("batch pool usage-metrics list")
    assert az("batch pool supported-images list")
    (node,) = az("batch node list --pool-id p --query [].id")
    one = f"--pool-id p --node-id {node}"
    assert az(f"batch node show {one} --query state") == "idle"
    az(f"batch node user create {one} --name bob --password Secret123! --is-admin")
    az(f"batch node user reset {one} --user-name bob --password Secret124!")
    az(f"batch node user delete {one} --user-name bob --yes")
    assert az(f"batch node remote-login-settings show {one}")["remoteLoginPort"]
    az(f"batch node scheduling disable {one}")
    az(f"batch node scheduling enable {one}")
    assert "startup/stdout.txt" in az(f"batch node file list {one} --recursive --query [].name")
    az(f"batch node file download {one} --file-path startup/stdout.txt --destination ./startup.txt")
    az(f"batch node file delete {one} --file-path startup/stdout.txt --yes")
    az(f"batch node reboot {one}")
    wait_until(lambda: az(f"batch node show {one} --query state") == "idle")
    az(f"batch node delete --pool-id p --node-list {node}")
    az("batch pool resize --pool-id p --abort")
    for pool in ("p", "auto"):
        az(f"batch pool delete --pool-id {pool} --yes")


def test_jobs_and_tasks_are_driven_by_each_command(az: Az) -> None:
    az(f"batch pool create --id q {IMAGE} --target-dedicated-nodes 1 --vm-size Standard_D2s_v3")
    az(
        "batch job create --id managed --pool-id q --priority 5 --job-max-task-retry-count 1"
        " --job-max-wall-clock-time PT1H --job-manager-task-command-line /bin/true --job-manager-task-id m"
    )
    az("batch job create --id j --pool-id q --allow-task-preemption --max-parallel-tasks 3 --uses-task-dependencies")
    tasks = [
        {"id": "a", "commandLine": "/bin/sh -c 'echo hi > out.txt'"},
        {
            "id": "b",
            "commandLine": "/bin/false",
            "dependsOn": {"taskIds": ["a"]},
            "constraints": {"maxTaskRetryCount": 0},
        },
    ]
    az.write("tasks.json", tasks)
    assert len(az("batch task create --job-id j --json-file tasks.json")) == 2
    made = az(
        "batch task create --job-id j --task-id c --command-line '/bin/sleep 60' --max-task-retry-count 2"
        " --retention-time PT1H --max-wall-clock-time PT5M --environment-settings A=1 B=2 --affinity-id x"
    )
    assert (made["constraints"]["maxTaskRetryCount"], len(made["environmentSettings"])) == (2, 2)
    wait_until(lambda: az("batch task show --job-id j --task-id b --query executionInfo.result") == "failure")
    az("batch task reactivate --job-id j --task-id b")
    az("batch task reset --job-id j --task-id c --max-task-retry-count 3")
    az("batch task stop --job-id j --task-id c")
    assert "wd/out.txt" in az("batch task file list --job-id j --task-id a --recursive --query [].name")
    az("batch task file delete --job-id j --task-id a --file-path wd/out.txt --yes")
    az("batch task delete --job-id j --task-id a --yes")
    assert az("batch task list --job-id j --query [].id") == ["b", "c"]
    assert az("batch job task-counts show --job-id j")["taskCounts"]["completed"] >= 1
    az("batch job set --job-id j --priority 5")
    az("batch job reset --job-id j --pool-id q --job-max-task-retry-count 1 --priority 3")
    shown = az("batch job show --job-id j")
    assert (shown["priority"], shown["constraints"]["maxTaskRetryCount"]) == (3, 1)
    az("batch job disable --job-id j --disable-tasks wait")
    az("batch job enable --job-id j")
    az("batch job stop --job-id j")
    for job in ("j", "managed"):
        az(f"batch job delete --job-id {job} --yes")
    az("batch pool delete --pool-id q --yes")


def test_job_schedules_are_driven_by_each_command(az: Az) -> None:
    manager = "--job-manager-task-command-line /bin/true --job-manager-task-id m"
    az(
        f"batch job-schedule create --id s --pool-id none {manager} --recurrence-interval PT10M --priority 3"
        " --do-not-run-until 2090-01-01T00:00:00Z"
    )
    assert az("batch job-schedule show --job-schedule-id s")["schedule"]["recurrenceInterval"] == "PT10M"
    az("batch job-schedule set --job-schedule-id s --do-not-run-until 2091-01-01T00:00:00Z")
    az(f"batch job-schedule reset --job-schedule-id s --pool-id none {manager} --do-not-run-until 2092-01-01T00:00:00Z")
    az("batch job-schedule disable --job-schedule-id s")
    az("batch job-schedule enable --job-schedule-id s")
    assert az("batch job-schedule list --query [].id") == ["s"]
    assert az("batch job list --job-schedule-id s") == []
    az("batch job-schedule stop --job-schedule-id s")
    az("batch job-schedule delete --job-schedule-id s --yes")
