import copy
from typing import Any

import batch_shapes
import pytest
from azure.batch import models
from hypothesis import given
from hypothesis import strategies as st

from shoal.local import times
from shoal.local.api.shapes import ARM, DATA_PLANE, Shapes
from shoal.local.errors import BatchError

TASK = "BatchTaskCreateOptions"
POOL = "BatchPoolCreateOptions"
VERSION = "2025-06-01"


def normalized(name: str, body: Any, version: str = VERSION) -> Any:
    DATA_PLANE.normalize(name, body, version)
    return body


def refusal(name: str, body: Any, version: str = VERSION, shapes: Shapes = DATA_PLANE) -> tuple[str, dict[str, str]]:
    with pytest.raises(BatchError) as found:
        shapes.normalize(name, body, version)
    assert found.value.status == 400
    return found.value.code, found.value.values


@pytest.mark.parametrize(
    ("change", "code", "property_name"),
    [
        ({"colour": 1}, "UnsupportedProperty", "colour"),
        ({"constraints": {"retries": 1}}, "UnsupportedProperty", "constraints.retries"),
        ({"resourceFiles": [{}, {"url": ""}]}, "UnsupportedProperty", "resourceFiles[1].url"),
        ({"commandLine": ["true"]}, "InvalidPropertyValue", "commandLine"),
        ({"commandLine": 5}, "InvalidPropertyValue", "commandLine"),
        ({"requiredSlots": "1.5"}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": "one"}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": str(1 << 31)}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": 1.5}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": True}, "InvalidPropertyValue", "requiredSlots"),
        ({"requiredSlots": 1 << 31}, "InvalidPropertyValue", "requiredSlots"),
        ({"constraints": []}, "InvalidPropertyValue", "constraints"),
        ({"constraints": {"maxWallClockTime": "1h"}}, "InvalidPropertyValue", "constraints.maxWallClockTime"),
        ({"constraints": {"maxWallClockTime": 60}}, "InvalidPropertyValue", "constraints.maxWallClockTime"),
        ({"resourceFiles": {}}, "InvalidPropertyValue", "resourceFiles"),
        ({"resourceFiles": [None]}, "InvalidPropertyValue", "resourceFiles[0]"),
        ({"environmentSettings": [{"value": "x"}]}, "MissingRequiredProperty", "environmentSettings[0].name"),
        (
            {"userIdentity": {"autoUser": {"scope": "all"}}},
            "InvalidPropertyValue",
            "userIdentity.autoUser.scope",
        ),
        (
            {"exitConditions": {"default": {"jobAction": "stop"}}},
            "InvalidPropertyValue",
            "exitConditions.default.jobAction",
        ),
    ],
)
def test_fault_is_named_by_the_path_of_its_property(change: dict[str, Any], code: str, property_name: str) -> None:
    found, values = refusal(TASK, {"id": "t", "commandLine": "true", **change})
    assert (found, values["PropertyName"]) == (code, property_name)


@pytest.mark.parametrize("missing", ["id", "commandLine"])
def test_required_property_that_is_missing_is_named(missing: str) -> None:
    body = {"id": "t", "commandLine": "true"}
    del body[missing]
    assert refusal(TASK, body) == ("MissingRequiredProperty", {"PropertyName": missing})


@pytest.mark.parametrize("body", [[], "text", 5, True])
def test_body_that_is_no_object_is_refused(body: Any) -> None:
    assert refusal(TASK, body)[0] == "InvalidRequestBody"


def test_words_of_enums_are_read_without_case_and_kept_as_batch_spells_them() -> None:
    body = {"id": "p", "vmSize": "S", "taskSchedulingPolicy": {"nodeFillType": "PACK"}}
    assert normalized(POOL, body)["taskSchedulingPolicy"] == {"nodeFillType": "Pack"}
    container = {"imageName": "i", "workingDirectory": "containerimagedefault"}
    task = {"id": "t", "commandLine": "", "containerSettings": container}
    assert normalized(TASK, task)["containerSettings"]["workingDirectory"] == "containerImageDefault"


@pytest.mark.parametrize(
    ("name", "property_name", "sent", "kept"),
    [
        ("BatchTaskSchedulingPolicy", "nodeFillType", "spread", "Spread"),
        ("OutputFileUploadConfiguration", "uploadCondition", "TASKSUCCESS", "TaskSuccess"),
        ("BatchOsDisk", "caching", "readwrite", "ReadWrite"),
        ("BatchNodePlacementConfiguration", "policy", "zonal", "Zonal"),
        ("DataDisk", "caching", "ReadWrite", "readwrite"),
    ],
)
def test_word_has_the_services_own_spelling(name: str, property_name: str, sent: str, kept: str) -> None:
    required = {"lun": 0, "diskSizeGB": 1} if name == "DataDisk" else {}
    assert normalized(name, {property_name: sent, **required})[property_name] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("PT01H00M03S", "PT1H3S"), ("P1Y", "P365D"), ("P10675199DT02H48M05.477539S", times.UNLIMITED)],
)
def test_durations_are_kept_in_dotnets_form(sent: str, kept: str) -> None:
    body = {"id": "t", "commandLine": "true", "constraints": {"maxWallClockTime": sent}}
    assert normalized(TASK, body)["constraints"] == {"maxWallClockTime": kept}


def test_null_is_the_same_as_nothing_at_every_depth() -> None:
    body = {
        "id": "t",
        "commandLine": "true",
        "displayName": None,
        "constraints": {"maxWallClockTime": None},
        "environmentSettings": [{"name": "A", "value": None}],
    }
    expected = {"id": "t", "commandLine": "true", "constraints": {}, "environmentSettings": [{"name": "A"}]}
    assert normalized(TASK, body) == expected
    assert refusal(TASK, {"id": "t", "commandLine": None})[0] == "MissingRequiredProperty"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"targetDedicatedNodes": "2"}, {"targetDedicatedNodes": 2}),
        ({"targetDedicatedNodes": 2.0}, {"targetDedicatedNodes": 2}),
        ({"taskSlotsPerNode": " 2"}, None),
        ({"enableAutoScale": "true"}, {"enableAutoScale": True}),
        ({"enableAutoScale": "False"}, {"enableAutoScale": False}),
        ({"enableAutoScale": "yes"}, None),
        ({"enableAutoScale": 1}, None),
        ({"metadata": [{"name": "a", "value": "2"}]}, {"metadata": [{"name": "a", "value": "2"}]}),
    ],
)
def test_numbers_and_booleans_may_be_strings(sent: dict[str, Any], kept: dict[str, Any] | None) -> None:
    body = {"id": "p", "vmSize": "s", **sent}
    if kept is None:
        assert refusal(POOL, body)[0] == "InvalidPropertyValue"
    else:
        assert normalized(POOL, body) == {"id": "p", "vmSize": "s", **kept}


def test_empty_string_is_the_same_as_nothing_where_a_property_is_optional() -> None:
    body = {"id": "p", "vmSize": "", "displayName": "", "targetDedicatedNodes": "", "resizeTimeout": "", "metadata": []}
    assert normalized(POOL, body) == {"id": "p", "vmSize": "", "metadata": []}
    os_disk = {"ephemeralOSDiskSettings": {"placement": ""}}
    machine: Any = {"imageReference": {}, "nodeAgentSKUId": "a", "osDisk": os_disk}
    body = {"id": "p", "vmSize": "s", "virtualMachineConfiguration": machine}
    assert normalized(POOL, body)["virtualMachineConfiguration"]["osDisk"] == {"ephemeralOSDiskSettings": {}}


def test_arm_reads_names_of_properties_without_regard_to_case() -> None:
    machine: Any = {"ImageReference": {"Offer": "o"}, "nodeAgentSKUId": "a"}
    body: dict[str, Any] = {"Properties": {"deploymentConfiguration": {"virtualmachineconfiguration": machine}}}
    ARM.normalize("Pool", body, VERSION)
    read = {"imageReference": {"offer": "o"}, "nodeAgentSkuId": "a"}
    assert body == {"properties": {"deploymentConfiguration": {"virtualMachineConfiguration": read}}}
    pool = {"id": "p", "VmSize": "s"}
    assert refusal(POOL, pool) == ("UnsupportedProperty", {"PropertyName": "VmSize"})


def test_arm_keeps_an_empty_string_that_clears_a_property() -> None:
    body: dict[str, Any] = {"properties": {"defaultVersion": "", "allowUpdates": ""}}
    ARM.normalize("Application", body, VERSION)
    assert body == {"properties": {"defaultVersion": ""}}


def test_properties_that_later_versions_removed_are_accepted() -> None:
    body = {"id": "p", "vmSize": "s", "certificateReferences": [], "targetNodeCommunicationMode": "simplified"}
    assert normalized(POOL, dict(body), "2024-07-01.20.0") == body


@pytest.mark.parametrize(
    ("name", "body", "property_name", "first", "last"),
    [
        (POOL, {"id": "p", "vmSize": "s"}, "applicationLicenses", "2019-08-01.10.0", "2024-02-01.19.0"),
        (POOL, {"id": "p", "vmSize": "s"}, "certificateReferences", "2019-08-01.10.0", "2024-07-01.20.0"),
        (POOL, {"id": "p", "vmSize": "s"}, "resourceTags", "2023-11-01.18.0", "2024-07-01.20.0"),
        (POOL, {"id": "p", "vmSize": "s"}, "targetNodeCommunicationMode", "2022-10-01.16.0", "2024-07-01.20.0"),
        (TASK, {"id": "t", "commandLine": "true"}, "authenticationTokenSettings", "2019-08-01.10.0", "2024-07-01.20.0"),
    ],
)
def test_property_is_refused_by_versions_that_do_not_know_it(
    name: str, body: dict[str, Any], property_name: str, first: str, last: str
) -> None:
    body[property_name] = []
    for version in (first, last):
        assert normalized(name, dict(body), version) == body
    assert refusal(name, dict(body))[0] == "UnsupportedProperty"
    if first > "2020":
        assert refusal(name, dict(body), "2019-08-01.10.0") == ("UnsupportedProperty", {"PropertyName": property_name})
    if last < "2024-07-01":
        assert refusal(name, dict(body), "2024-07-01.20.0")[0] == "UnsupportedProperty"


@pytest.mark.parametrize(
    ("name", "sent", "version", "kept"),
    [
        (POOL, {"maxTasksPerNode": 4}, "2020-03-01.11.0", {"taskSlotsPerNode": 4}),
        (POOL, {"maxTasksPerNode": 4}, "2020-09-01.12.0", "maxTasksPerNode"),
        (POOL, {"taskSlotsPerNode": 4}, "2020-03-01.11.0", "taskSlotsPerNode"),
        (TASK, {"requiredSlots": 2}, "2020-03-01.11.0", "requiredSlots"),
        ("BatchJobUpdateOptions", {"allowTaskPreemption": True}, "2021-06-01.14.0", "allowTaskPreemption"),
        (
            "DataDisk",
            {"storageAccountType": "Premium_LRS"},
            "2024-07-01.20.0",
            {"managedDisk": {"storageAccountType": "premium_lrs"}},
        ),
        ("DataDisk", {"storageAccountType": "premium_lrs"}, VERSION, "storageAccountType"),
    ],
)
def test_property_has_the_name_and_the_place_of_its_version(
    name: str, sent: dict[str, Any], version: str, kept: dict[str, Any] | str
) -> None:
    complete: dict[str, dict[str, Any]] = {
        POOL: {"id": "p", "vmSize": "s"},
        TASK: {"id": "t", "commandLine": ""},
        "DataDisk": {"lun": 0, "diskSizeGB": 1},
    }
    required = complete.get(name, {})
    body = {**required, **sent}
    if isinstance(kept, str):
        assert refusal(name, body, version) == ("UnsupportedProperty", {"PropertyName": kept})
    else:
        assert normalized(name, body, version) == {**required, **kept}


GALLERY = "/communityGalleries/g/images/i"


@pytest.mark.parametrize(
    ("change", "before", "first", "property_name"),
    [
        ({"upgradePolicy": {"mode": "manual"}}, "2023-11-01.18.0", "2024-02-01.19.0", "upgradePolicy"),
        (
            {"taskSchedulingPolicy": {"nodeFillType": "Pack", "jobDefaultOrder": "none"}},
            "2024-07-01.20.0",
            VERSION,
            "taskSchedulingPolicy.jobDefaultOrder",
        ),
        (
            {"networkConfiguration": {"enableAcceleratedNetworking": True}},
            "2022-10-01.16.0",
            "2023-05-01.17.0",
            "networkConfiguration.enableAcceleratedNetworking",
        ),
        (
            {"virtualMachineConfiguration": {"imageReference": {"communityGalleryImageId": GALLERY}}},
            "2024-02-01.19.0",
            "2024-07-01.20.0",
            "virtualMachineConfiguration.imageReference.communityGalleryImageId",
        ),
        (
            {"virtualMachineConfiguration": {"nodePlacementConfiguration": {"policy": "Zonal"}}},
            "2020-09-01.12.0",
            "2021-06-01.14.0",
            "virtualMachineConfiguration.nodePlacementConfiguration",
        ),
        (
            {"virtualMachineConfiguration": {"securityProfile": {"proxyAgentSettings": {"enabled": True}}}},
            "2024-07-01.20.0",
            VERSION,
            "virtualMachineConfiguration.securityProfile.proxyAgentSettings",
        ),
        (
            {"virtualMachineConfiguration": {"dataDisks": [{"lun": 0, "diskSizeGB": 1, "managedDisk": {}}]}},
            "2024-07-01.20.0",
            VERSION,
            "virtualMachineConfiguration.dataDisks[0].managedDisk",
        ),
        (
            {"startTask": {"commandLine": "", "resourceFiles": [{"identityReference": {"resourceId": "/i"}}]}},
            "2020-09-01.12.0",
            "2021-06-01.14.0",
            "startTask.resourceFiles[0].identityReference",
        ),
    ],
)
def test_property_is_refused_before_its_first_version(
    change: dict[str, Any], before: str, first: str, property_name: str
) -> None:
    if machine := change.get("virtualMachineConfiguration"):
        machine |= {"nodeAgentSKUId": "a", "imageReference": machine.get("imageReference", {})}
    body = {"id": "p", "vmSize": "s", **change}
    assert normalized(POOL, copy.deepcopy(body), first) == body
    assert refusal(POOL, body, before) == ("UnsupportedProperty", {"PropertyName": property_name})


def test_list_that_is_gone_was_a_list() -> None:
    body: dict[str, Any] = {"id": "p", "vmSize": "s", "certificateReferences": "foo"}
    code, values = refusal(POOL, body, "2024-07-01.20.0")
    assert (code, values["PropertyName"]) == ("InvalidPropertyValue", "certificateReferences")


def test_pool_of_arm_has_a_fixed_size_or_a_formula() -> None:
    both = {"fixedScale": {"targetDedicatedNodes": 0}, "autoScale": {"formula": "$TargetDedicated=1;"}}
    code, values = refusal("Pool", {"properties": {"scaleSettings": dict(both)}}, shapes=ARM)
    assert (code, values["PropertyName"]) == ("InvalidPropertyValue", "properties.scaleSettings.fixedScale")
    for name in both:
        ARM.normalize("Pool", {"properties": {"scaleSettings": {**both, name: None}}}, VERSION)


def test_arm_reads_the_type_of_a_data_disk_where_its_version_has_it() -> None:
    disk: dict[str, Any] = {"lun": 0, "diskSizeGB": 1, "storageAccountType": "Standard_LRS"}
    ARM.normalize("DataDisk", disk, "2024-07-01")
    assert disk["managedDisk"] == {"storageAccountType": "Standard_LRS"}


def test_entity_is_shown_as_its_version_knows_it() -> None:
    pool = {"id": "p", "taskSlotsPerNode": 4, "certificateReferences": []}
    old = DATA_PLANE.spoken("BatchPool", pool, "2020-03-01.11.0")
    assert old == {"id": "p", "maxTasksPerNode": 4, "certificateReferences": []}
    assert DATA_PLANE.spoken("BatchPool", pool, VERSION) == {"id": "p", "taskSlotsPerNode": 4}
    job = {"id": "j", "maxParallelTasks": -1, "allowTaskPreemption": False}
    assert DATA_PLANE.spoken("BatchJob", job, "2021-06-01.14.0") == {"id": "j", "maxParallelTasks": -1}
    task = {"id": "t", "requiredSlots": 1}
    assert DATA_PLANE.spoken("BatchTask", task, "2019-08-01.10.0") == {"id": "t"}


def test_property_of_one_object_is_not_known_in_another() -> None:
    task = {"id": "t", "commandLine": "true", "certificateReferences": []}
    assert refusal(TASK, task, "2019-08-01.10.0")[0] == "UnsupportedProperty"


def test_arm_refuses_what_its_version_does_not_know() -> None:
    body: dict[str, Any] = {"properties": {"certificates": []}}
    ARM.normalize("Pool", body, "2024-07-01")
    assert refusal("Pool", body, VERSION, ARM) == ("UnsupportedProperty", {"PropertyName": "properties.certificates"})


@pytest.mark.parametrize("client", batch_shapes.CLIENTS)
def test_tables_are_those_of_the_installed_clients(client: str) -> None:
    """Run `python tools/batch_shapes.py` where this fails."""
    assert (batch_shapes.TABLES / f"{client}.json").read_text() == batch_shapes.text(client)


def test_whole_task_of_the_official_client_is_accepted_and_kept() -> None:
    url = "http://127.0.0.1:1/account/container"
    task = models.BatchTaskCreateOptions(
        id="t",
        command_line="true",
        display_name="T",
        resource_files=[models.ResourceFile(http_url=url, file_path="a", file_mode="0644")],
        output_files=[
            models.OutputFile(
                file_pattern="**/*",
                destination=models.OutputFileDestination(
                    container=models.OutputFileBlobContainerDestination(
                        container_url=url, upload_headers=[models.OutputFileUploadHeader(name="a", value="b")]
                    )
                ),
                upload_options=models.OutputFileUploadConfiguration(upload_condition="TaskSuccess"),
            )
        ],
        environment_settings=[models.EnvironmentSetting(name="A", value="b")],
        affinity_info=models.BatchAffinityInfo(affinity_id="TVM:n"),
        required_slots=2,
        depends_on=models.BatchTaskDependencies(
            task_ids=["a"], task_id_ranges=[models.BatchTaskIdRange(start=1, end=2)]
        ),
        exit_conditions=models.ExitConditions(
            exit_codes=[models.ExitCodeMapping(code=1, exit_options=models.ExitOptions(dependency_action="satisfy"))],
            exit_code_ranges=[models.ExitCodeRangeMapping(start=2, end=3, exit_options=models.ExitOptions())],
        ),
        application_package_references=[models.BatchApplicationPackageReference(application_id="a", version="1")],
    ).as_dict()
    assert normalized(TASK, copy.deepcopy(task)) == task


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([wire_name for _, wire_name in batch_shapes.fields(models.BatchTaskCreateOptions)])


@given(st.dictionaries(NAMES | st.text(max_size=5), JSON, max_size=4) | JSON)
def test_any_json_is_accepted_or_refused_in_batchs_words(body: Any) -> None:
    try:
        DATA_PLANE.normalize(TASK, body, VERSION)
    except BatchError as refused:
        if refused.status != 400:
            raise
