"""Values and combinations of values that Batch would not take, refused with the path of their property."""

from typing import Any

import pytest

from shoal.local.api import definitions
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.errors import BatchError

VERSION = "2025-06-01"
URL = "https://a.blob.core.windows.net/c"
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/a"
UBUNTU: dict[str, Any] = {
    "imageReference": {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts"},
    "nodeAgentSKUId": "batch.node.ubuntu 22.04",
}
GALLERY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/a/images/i"
ME = {"name": "me", "password": "Secret-1"}
NFS = {"nfsMountConfiguration": {"source": "h:/a", "relativeMountPath": "a"}}
NAT = {
    "name": "ssh",
    "protocol": "tcp",
    "backendPort": 22,
    "frontendPortRangeStart": 15000,
    "frontendPortRangeEnd": 15100,
}
EXIT = {"exitOptions": {"dependencyAction": "block"}}


def refusal(body: dict[str, Any], define: Any) -> tuple[str, str]:
    with pytest.raises(BatchError) as refused:
        define(body)
    assert refused.value.status in (400, 409)
    return refused.value.code, refused.value.values.get("PropertyName", "")


def add_task(change: dict[str, Any]) -> None:
    job = {"usesTaskDependencies": True, "onTaskFailure": "performexitoptionsjobaction"}
    definitions.task({"id": "t", "commandLine": "true", **change}, job, VERSION)


def add_pool(change: dict[str, Any]) -> None:
    definitions.pool({"id": "p", "vmSize": "standard_d2s_v3", **change}, version=VERSION)


def add_job(change: dict[str, Any]) -> None:
    definitions.job({"id": "j", "poolInfo": {"poolId": "p"}, **change}, VERSION)


def file(**change: Any) -> dict[str, Any]:
    return {"resourceFiles": [{"httpUrl": URL, "filePath": "a", **change}]}


def output(**change: Any) -> dict[str, Any]:
    upload = {"uploadCondition": "tasksuccess"}
    return {"outputFiles": [{"filePattern": "*", "uploadOptions": upload, "destination": change}]}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"displayName": "x" * 1025}, "displayName"),
        ({"userIdentity": {"username": "me", "autoUser": {"scope": "task"}}}, "userIdentity.autoUser"),
        (file(filePath="../x"), "resourceFiles[0].filePath"),
        (file(filePath="a/../../x"), "resourceFiles[0].filePath"),
        (file(filePath="..\\x"), "resourceFiles[0].filePath"),
        (file(filePath="/x"), "resourceFiles[0].filePath"),
        (file(httpUrl="nonsense"), "resourceFiles[0].httpUrl"),
        (file(httpUrl="http://[x"), "resourceFiles[0].httpUrl"),
        ({"resourceFiles": [{"storageContainerUrl": "no url at all"}]}, "resourceFiles[0].storageContainerUrl"),
        (
            {"resourceFiles": [{"storageContainerUrl": URL, "filePath": ".."}]},
            "resourceFiles[0].filePath",
        ),
        (
            {"resourceFiles": [{"autoStorageContainerName": "A B"}]},
            "resourceFiles[0].autoStorageContainerName",
        ),
        ({"dependsOn": {"taskIds": ["a", "b c"]}}, "dependsOn.taskIds[1]"),
        (
            {"exitConditions": {"exitCodeRanges": [{"start": 3, "end": 2, **EXIT}]}},
            "exitConditions.exitCodeRanges[0].start",
        ),
        ({"exitConditions": {"exitCodes": [{"code": 1, **EXIT}, {"code": 1, **EXIT}]}}, "exitConditions.exitCodes"),
        (output(container={"containerUrl": "nonsense"}), "outputFiles[0].destination.container.containerUrl"),
        (
            output(container={"containerUrl": URL, "uploadHeaders": [{"name": "a", "value": "a\nb"}]}),
            "outputFiles[0].destination.container.uploadHeaders[0].value",
        ),
        (
            output(container={"containerUrl": URL, "uploadHeaders": [{"name": "a b"}]}),
            "outputFiles[0].destination.container.uploadHeaders[0].name",
        ),
    ],
)
def test_task_with_a_value_beyond_its_limits_is_refused(change: dict[str, Any], name: str) -> None:
    assert refusal(change, add_task) == ("InvalidPropertyValue", name)


def test_output_file_without_a_place_to_go_to_is_refused() -> None:
    assert refusal(output(), add_task) == ("MissingRequiredProperty", "outputFiles[0].destination.container")


def nat(*pools: dict[str, Any]) -> dict[str, Any]:
    return {"networkConfiguration": {"endpointConfiguration": {"inboundNATPools": [NAT | pool for pool in pools]}}}


def machine(**change: Any) -> dict[str, Any]:
    return {"virtualMachineConfiguration": UBUNTU | change}


NATS = "networkConfiguration.endpointConfiguration.inboundNATPools"
MACHINE = "virtualMachineConfiguration"
IMAGE = f"{MACHINE}.imageReference"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"displayName": "x" * 1025}, "displayName"),
        ({"vmSize": ""}, "vmSize"),
        ({"vmSize": "not a size!"}, "vmSize"),
        ({"userAccounts": [{**ME, "name": "x" * 21}]}, "userAccounts[0].name"),
        ({"userAccounts": [{**ME, "name": ""}]}, "userAccounts[0].name"),
        ({"userAccounts": [ME, ME]}, "userAccounts"),
        (
            {"userAccounts": [{**ME, "linuxUserConfiguration": {"uid": 9}}]},
            "userAccounts[0].linuxUserConfiguration.uid",
        ),
        (
            machine() | {"userAccounts": [{**ME, "windowsUserConfiguration": {"loginMode": "batch"}}]},
            "userAccounts[0].windowsUserConfiguration",
        ),
        ({"startTask": {"commandLine": "x" * 40_000}}, "startTask.commandLine"),
        (
            {"startTask": {"commandLine": "x", "environmentSettings": [{"name": "A", "value": "x" * 32_768}]}},
            "startTask.commandLine",
        ),
        (machine(dataDisks=[{"lun": 64, "diskSizeGB": 1}]), f"{MACHINE}.dataDisks[0].lun"),
        (machine(dataDisks=[{"lun": 0, "diskSizeGB": 0}]), f"{MACHINE}.dataDisks[0].diskSizeGB"),
        (machine(dataDisks=[{"lun": 0, "diskSizeGB": 1}] * 2), f"{MACHINE}.dataDisks"),
        (machine(imageReference={}), IMAGE),
        (
            machine(imageReference={**UBUNTU["imageReference"], "virtualMachineImageId": GALLERY}),
            f"{IMAGE}.virtualMachineImageId",
        ),
        (
            machine(imageReference={"publisher": "canonical", "offer": "o", "sku": "s"}, nodeAgentSKUId="foo"),
            f"{MACHINE}.nodeAgentSKUId",
        ),
        (machine(windowsConfiguration={"enableAutomaticUpdates": True}), f"{MACHINE}.windowsConfiguration"),
        (nat(*({"name": f"n{i}", "backendPort": i + 1} for i in range(6))), NATS),
        (nat({"backendPort": 29876}), f"{NATS}[0].backendPort"),
        (nat({"backendPort": 70000}), f"{NATS}[0].backendPort"),
        (nat({"name": "-a"}), f"{NATS}[0].name"),
        (nat({"frontendPortRangeEnd": 15038}), f"{NATS}[0].frontendPortRangeEnd"),
        (nat({"frontendPortRangeStart": 50000, "frontendPortRangeEnd": 50100}), f"{NATS}[0].frontendPortRangeStart"),
        (nat({"frontendPortRangeStart": 49000, "frontendPortRangeEnd": 56000}), f"{NATS}[0].frontendPortRangeEnd"),
        (nat({}, {"name": "b", "backendPort": 23}), NATS),
        (
            nat({"networkSecurityGroupRules": [{"priority": 149, "access": "allow", "sourceAddressPrefix": "*"}]}),
            f"{NATS}[0].networkSecurityGroupRules[0].priority",
        ),
        ({"networkConfiguration": {"subnetId": "nonsense"}}, "networkConfiguration.subnetId"),
        (
            {"upgradePolicy": {"mode": "rolling", "rollingUpgradePolicy": {"maxBatchInstancePercent": 500}}},
            "upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent",
        ),
        ({"mountConfiguration": [NFS, NFS]}, "mountConfiguration"),
        (
            {"mountConfiguration": [{"nfsMountConfiguration": {"source": "h:/a", "relativeMountPath": "../x"}}]},
            "mountConfiguration[0].nfsMountConfiguration.relativeMountPath",
        ),
        (
            {"applicationPackageReferences": [{"applicationId": f"a{i}"} for i in range(11)]},
            "applicationPackageReferences",
        ),
    ],
)
def test_pool_with_a_value_beyond_its_limits_is_refused(change: dict[str, Any], name: str) -> None:
    assert refusal(change, add_pool) == ("InvalidPropertyValue", name)


def test_pool_of_a_job_has_the_same_limits() -> None:
    pool = {"vmSize": "standard_d2s_v3", "userAccounts": [ME, ME]}
    job = {"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": pool}}}
    path = "poolInfo.autoPoolSpecification.pool.userAccounts"
    assert refusal(job, add_job) == ("InvalidPropertyValue", path)


def test_formula_of_a_pool_that_does_not_use_it_is_refused() -> None:
    assert refusal({"autoScaleFormula": "$TargetDedicated=1;"}, add_pool) == (
        "InvalidAutoScalingSettings",
        "autoScaleFormula",
    )


def test_metadata_without_a_name_are_refused_by_a_code_of_their_own() -> None:
    assert refusal({"metadata": [{"name": "", "value": "x"}]}, add_pool)[0] == "EmptyMetadataKey"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"displayName": "x" * 1025}, "displayName"),
        ({"poolInfo": {"poolId": "a b/c"}}, "poolInfo.poolId"),
        ({"poolInfo": {"poolId": "x" * 65}}, "poolInfo.poolId"),
    ],
)
def test_job_with_a_value_beyond_its_limits_is_refused(change: dict[str, Any], name: str) -> None:
    assert refusal(change, add_job) == ("InvalidPropertyValue", name)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ({"jobManagerTask": "a", "jobPreparationTask": "A"}, "TaskIdSameAsJobPreparationTask"),
        ({"jobPreparationTask": "a", "jobReleaseTask": "a"}, "TaskIdSameAsJobPreparationTask"),
        (
            {"jobManagerTask": "b", "jobPreparationTask": "a", "jobReleaseTask": "b"},
            "TaskIdSameAsJobReleaseTask",
        ),
    ],
)
def test_tasks_of_one_job_have_ids_of_their_own(ids: dict[str, str], code: str) -> None:
    assert refusal({name: {"id": id_, "commandLine": "true"} for name, id_ in ids.items()}, add_job) == (code, "")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"containerUrl": "nonsense"}, "containerUrl"),
        ({"endTime": "2026-01-01T00:00:00Z"}, "endTime"),
    ],
)
def test_upload_of_logs_to_nowhere_or_of_no_time_is_refused(change: dict[str, Any], name: str) -> None:
    body = {"containerUrl": URL, "startTime": "2026-01-02T00:00:00Z", **change}

    def upload(body: dict[str, Any]) -> None:
        DATA_PLANE.normalize("UploadBatchServiceLogsOptions", body, VERSION)

    assert refusal(body, upload) == ("InvalidPropertyValue", name)


def test_values_at_their_limits_and_empty_optional_ones_are_accepted() -> None:
    add_task({"displayName": "東" * 1024, **file(filePath="a/../b/c"), "outputFiles": [], "dependsOn": {"taskIds": []}})
    add_task({"resourceFiles": [{"autoStorageContainerName": "abc", "filePath": ""}], "userIdentity": None})
    add_job({"displayName": "", "metadata": [], "jobManagerTask": None, "poolInfo": {"poolId": "x" * 64}})
    add_pool({"startTask": {"commandLine": "x" * 32_768}, "metadata": [{"name": "a", "value": ""}]})
    add_pool(machine(dataDisks=[{"lun": 63, "diskSizeGB": 1}], windowsConfiguration=None, licenseType=""))
    add_pool(machine(imageReference={"virtualMachineImageId": GALLERY, "publisher": "", "offer": None}))
    add_pool({"networkConfiguration": {"subnetId": SUBNET, "endpointConfiguration": None}, "autoScaleFormula": ""})
    add_pool(nat({"frontendPortRangeEnd": 15039}, {"name": "b_", "backendPort": 1, "frontendPortRangeStart": 15040}))
    add_pool({"userAccounts": [{**ME, "name": "x" * 20, "linuxUserConfiguration": {"uid": 1, "gid": 1}}]})
