import json
from collections.abc import Sequence
from typing import Any

import pytest
from pulumi.runtime import set_all_config

from components.component_errors import SettingsError
from components.settings.stack_settings import Settings, parse_settings, read_settings
from shoal.environment import Authentication
from tests.components.values import POOL, SCALED, given
from tests.programs import record

ID = "6f1c1b8e-3a55-4d7c-9c3f-0d5a2f7be101"
ONE = json.dumps([{"principalId": ID, "principalType": "User"}])
PROVIDERS = f"/subscriptions/{ID}/resourceGroups/g/providers"
SUBNET_ID = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/v/subnets/s"
GALLERY_IMAGE_ID = f"{PROVIDERS}/Microsoft.Compute/galleries/own/images/model"
FOLLOWS = "$TargetLowPriorityNodes = min(3, max(0, $PendingTasks.GetSample(1)) / $TaskSlotsPerNode);"


def parse(*, pools: Sequence[dict[str, Any]] | str = (POOL,), **values: str) -> Settings:
    return parse_settings(given(pools=pools, **values), project="shoal", file="Pulumi.dev.yaml")


def test_settings_are_read_from_what_pulumi_hands_over() -> None:
    settings = parse(pools=[{**POOL, "taskSlotsPerNode": 4, "packages": ["var"]}])
    assert settings.keys["authentication"] is Authentication.SHARED_KEY
    assert settings.keys["outputs_expire_after_days"] == 30
    assert settings.keys["pools"][0].get("task_slots_per_node") == 4
    assert settings.keys["pools"][0].get("packages") == ["var"]


def test_component_arguments_leave_out_what_a_pool_does_not_say() -> None:
    assert parse().environment_args()["pools"] == [
        {
            "name": "spot",
            "vm_size": "standard_d2s_v3",
            "image": "ubuntu-24.04",
            "spot_nodes": 3,
        }
    ]


@pytest.mark.parametrize("text", ["PT10M", "10m", "600s"])
def test_durations_are_read_in_both_forms(text: str) -> None:
    assert parse(pools=[{**SCALED, "hold": text}]).keys["pools"][0].get("hold") == "PT10M"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"taskSlotsPerNode": 0}, "shoal:pools[0].taskSlotsPerNode is 0; it must be at least 1 (Pulumi.dev.yaml)"),
        ({"taskSlotsPerNode": 300}, "shoal:pools[0].taskSlotsPerNode is 300; it must be at most 256 (Pulumi.dev.yaml)"),
        ({"spotNodes": "many"}, "shoal:pools[0].spotNodes is many; it must be an integer (Pulumi.dev.yaml)"),
        ({"vmSize": 4}, "shoal:pools[0].vmSize is 4; it must be text (Pulumi.dev.yaml)"),
        ({"vmsize": "x"}, "shoal:pools[0].vmsize is not a known key; did you mean vmSize? (Pulumi.dev.yaml)"),
        (
            {"image": "ubuntu-18.04"},
            "shoal:pools[0].image is ubuntu-18.04; its support ended on 2023-05-30, take ubuntu-24.04 instead"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"imageId": "mine"},
            "shoal:pools[0].imageId is mine; it must be an ARM id: /subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
            "/providers/Microsoft.Compute/galleries/GALLERY/images/NAME (Pulumi.dev.yaml)",
        ),
        (
            {"nodeAgentSkuId": "batch.node.el 9"},
            "shoal:pools[0] is wrong: it has both image and nodeAgentSkuId; the node agent of image is known"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"vmSize": "standard_d4s_v55"},
            "shoal:pools[0].vmSize is standard_d4s_v55; it is no name of a VM size, did you mean standard_d4s_v5?"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"taskSlotsPerNode": 9},
            "shoal:pools[0].taskSlotsPerNode is 9; standard_d2s_v3 has 2 cores, for which Batch allows 8"
            " (4 a core, 256 in all) (Pulumi.dev.yaml)",
        ),
        (
            {"ephemeralOsDisk": True},
            "shoal:pools[0].ephemeralOsDisk is true, but spotNodes is 3; Spot nodes have no ephemeral disks:"
            " give dedicatedNodes alone (Pulumi.dev.yaml)",
        ),
        (
            {"publicIp": False},
            "shoal:pools[0] is wrong: it has publicIp false but no subnetId; such nodes need a subnet with a way out"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"mounts": [{"mountPath": "/mnt", "container": "inputs"}]},
            "shoal:pools[0].mounts[0].mountPath is /mnt; it must be a path below $AZ_BATCH_NODE_MOUNTS_DIR"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"mounts": [{"mountPath": "in"}]},
            "shoal:pools[0].mounts[0] must have either container or nfsSource (Pulumi.dev.yaml)",
        ),
        (
            {"userAccounts": [{"name": "me", "password": 12345678}]},
            "shoal:pools[0].userAccounts[0].password is [secret]; it must be text (Pulumi.dev.yaml)",
        ),
        (
            {"userAccounts": {"name": "me", "password": "hunter2"}},
            "shoal:pools[0].userAccounts is a mapping; it must be a list (Pulumi.dev.yaml)",
        ),
        (
            {"userAccounts": [{"name": "me", "password": "hunter2", "uid": 1000}]},
            "shoal:pools[0].userAccounts[0] must have both uid and gid, or neither (Pulumi.dev.yaml)",
        ),
        (
            {"startTask": {"commandLine": "true", "resourceFiles": [{"httpUrl": "https://example.org/a"}]}},
            "shoal:pools[0].startTask.resourceFiles[0] has httpUrl but no filePath to keep it under (Pulumi.dev.yaml)",
        ),
        (
            {"upgradePolicy": {"mode": "rolling", "maxBatchInstancePercent": 4}},
            "shoal:pools[0].upgradePolicy.maxBatchInstancePercent is 4; it must be between 5 and 100 (Pulumi.dev.yaml)",
        ),
        (
            {"spotNodes": 0},
            "shoal:pools[0] is wrong: it has no nodes; give spotNodes or dedicatedNodes, or neither for a pool that"
            " scales itself (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": "$TargetDedicatedNodes = 1;"},
            "shoal:pools[0] is wrong: it has both spotNodes and autoScaleFormula; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"maxDedicatedNodes": 0},
            "shoal:pools[0] is wrong: it has both spotNodes and maxDedicatedNodes; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleEvaluationInterval": "PT10M"},
            "shoal:pools[0] is wrong: it has a fixed number of nodes, for which autoScaleEvaluationInterval means"
            " nothing (Pulumi.dev.yaml)",
        ),
        (
            {"packages": ["var", "VAR"]},
            "shoal:pools[0].packages names var more than once (Pulumi.dev.yaml)",
        ),
        (
            {"tags": {"a/b": "c"}},
            "shoal:pools[0].tags is wrong: it has 'a/b'; a tag's name must have 1 to 128 characters and none of"
            " < > % & \\ ? / (Pulumi.dev.yaml)",
        ),
        (
            {"mounts": [{"mountPath": "in", "container": "Inputs"}]},
            "shoal:pools[0].mounts[0].container is Inputs; it must be the name of a container: 3 to 63 lower-case"
            " letters, digits and single hyphens (Pulumi.dev.yaml)",
        ),
        (
            {"imageVersion": "24.04"},
            "shoal:pools[0].imageVersion is 24.04; it must be latest, or a whole version such as 24.04.202605010"
            " (az vm image list) (Pulumi.dev.yaml)",
        ),
        (
            {"packages": ["vra"]},
            "shoal:pools[0].packages names vra, which shoal:packages does not have (Pulumi.dev.yaml)",
        ),
        (
            {"startTask": {"command": "apt"}},
            "shoal:pools[0].startTask.commandLine is missing (Pulumi.dev.yaml)\n"
            "shoal:pools[0].startTask.command is not a known key; did you mean commandLine? (Pulumi.dev.yaml)",
        ),
    ],
)
def test_wrong_pool_is_refused_by_file_key_value_and_rule(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**POOL, **change}])
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"maxSpotNodes": 2, "warmUpNodes": 3},
            "shoal:pools[0].warmUpNodes is 3; it must be at most maxSpotNodes, which is 2 (Pulumi.dev.yaml)",
        ),
        (
            {"taskSlotsPerNode": 2, "slotsPerTask": 2.5},
            "shoal:pools[0].slotsPerTask is 2.5; it must be at most taskSlotsPerNode, which is 2: no node has more"
            " (Pulumi.dev.yaml)",
        ),
        ({"maxSpotNodes": 0}, "shoal:pools[0].maxSpotNodes is 0; it must be at least 1 (Pulumi.dev.yaml)"),
        ({"slotsPerTask": 0}, "shoal:pools[0].slotsPerTask is 0; it must be at least 0.001 (Pulumi.dev.yaml)"),
        (
            {"hold": "long"},
            "shoal:pools[0].hold is long; it must be a duration such as PT10M, 10m, 1h30m or 90s (Pulumi.dev.yaml)",
        ),
        (
            {"hold": "PT2M", "autoScaleEvaluationInterval": "PT2S"},
            "shoal:pools[0].hold is PT2M; it must be at least PT5M, the time between evaluations (Pulumi.dev.yaml)",
        ),
        (
            {"hold": "PT10M", "autoScaleEvaluationInterval": "PT15M"},
            "shoal:pools[0].hold is PT10M; it must be at least PT15M, the time between evaluations (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": ""},
            "shoal:pools[0].autoScaleFormula is empty; it must say something (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleFormula": FOLLOWS, "warmUpNodes": 2},
            "shoal:pools[0] is wrong: it has both autoScaleFormula and warmUpNodes; a pool is scaled in one way"
            " (Pulumi.dev.yaml)",
        ),
        (
            {"autoScaleEvaluationInterval": "PT0.5S"},
            "shoal:pools[0].autoScaleEvaluationInterval is PT0.5S; it must be between PT1S and PT168H"
            " (Pulumi.dev.yaml)",
        ),
    ],
)
def test_wrong_limit_of_a_pool_that_scales_itself_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**SCALED, **change}])
    assert str(refused.value) == message


def test_faults_of_a_formula_are_shown_where_they_stand() -> None:
    formula = "tasks = 1;\n$TargetLowPriorityNodes = $PendingTask;"
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**SCALED, "autoScaleFormula": formula}])
    assert str(refused.value) == (
        "Pulumi.dev.yaml: shoal:pools[0].autoScaleFormula:2:27: error: $PendingTask is not defined [type]\n"
        "   2 | $TargetLowPriorityNodes = $PendingTask;\n"
        "     |                           ^^^^^^^^^^^^\n"
        "     = did you mean $PendingTasks?"
    )


def test_what_the_linter_finds_in_a_formula_is_doubted_but_not_refused() -> None:
    settings = parse(pools=[POOL, {**SCALED, "name": "own", "autoScaleFormula": FOLLOWS}])
    doubts = settings.doubts(project="shoal", file="Pulumi.dev.yaml")
    assert all(doubt.startswith("Pulumi.dev.yaml: shoal:pools[1].autoScaleFormula:1:") for doubt in doubts)
    assert any("warning:" in doubt and "[deallocation-option-missing]" in doubt for doubt in doubts)


@pytest.mark.parametrize(
    ("service", "interval", "accepted"),
    [("azure", "PT4M59S", False), ("azure", "PT5M", True), ("embedded", "PT1S", True), ("embedded", "P8D", False)],
)
def test_only_the_embedded_service_evaluates_more_often_than_azure(
    service: str, interval: str, *, accepted: bool
) -> None:
    pools = [{**SCALED, "autoScaleEvaluationInterval": interval}]
    if accepted:
        (pool,) = parse(pools=pools, service=service).environment_args()["pools"]
        assert pool["auto_scale_evaluation_interval"] == interval
    else:
        shortest = "PT1S" if service == "embedded" else "PT5M"
        with pytest.raises(SettingsError, match=f"it must be between {shortest} and PT168H"):
            parse(pools=pools, service=service)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"outputsExpireAfterDays": "soon"}, "shoal:outputsExpireAfterDays is soon; it must be an integer"),
        ({"pools": "spot"}, "shoal:pools is spot; it must be a list"),
        ({"pools": "[spot"}, "shoal:pools is [spot; it must be a list"),
        ({"location": ""}, "shoal:location is empty; it must be an Azure region, as `az account list-locations`"),
        ({"resourceGroup": "group."}, "shoal:resourceGroup is group.; it must be up to 90 letters, digits, and any of"),
        ({"packages": '[{"name": "var", "directory": ""}]'}, "shoal:packages[0].directory is empty; it must say"),
        ({"deployers": ONE.replace(ID, "me@example.com")}, "shoal:deployers[0].principalId is me@example.com; it must"),
        ({"submitters": f"[{ONE[1:-1]}, {ONE[1:-1]}]"}, f"shoal:submitters names {ID} more than once"),
        ({"jobs": '["sweep.yaml"]'}, "shoal:jobs[0] is sweep.yaml; it must be a mapping of keys to values"),
        ({"service": "aws"}, "shoal:service is aws; it must be 'azure' or 'embedded'"),
        (
            {"batchAccount": "My-Account"},
            "shoal:batchAccount is My-Account; it must be 3 to 24 lower-case letters",
        ),
        ({"outputExpireAfterDays": "3"}, "shoal:outputExpireAfterDays is not a known key; did you mean"),
        ({"authentication": "entra"}, "shoal:authentication must be shared_key where shoal:service is embedded"),
    ],
)
def test_wrong_key_of_the_stack_is_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    assert str(refused.value).startswith(message)


def test_mistakes_of_all_pools_are_named_at_once() -> None:
    pools = [{**POOL, "vmsize": "x"}, {**POOL, "name": "other", "imageId": "mine"}, {**POOL, "warmUpNodes": 1}]
    with pytest.raises(SettingsError) as refused:
        parse(pools=pools, softDeleteDays="366")
    places = [line.split(" ")[0] for line in str(refused.value).splitlines()]
    assert places == ["shoal:softDeleteDays", "shoal:pools[0].vmsize", "shoal:pools[1].imageId", "shoal:pools[2]"]


def test_pool_that_is_named_twice_is_refused() -> None:
    for name in ("spot", "Spot"):  # ids that differ in case only are the same to Batch
        with pytest.raises(SettingsError, match="shoal:pools names spot more than once"):
            parse(pools=[POOL, {**POOL, "name": name}])


@pytest.mark.parametrize(
    ("service", "secret_keys", "refused"),
    [("azure", [], True), ("azure", ["shoal:pools"], False), ("embedded", [], False)],
)
def test_password_in_clear_is_refused_in_an_azure_stack(
    monkeypatch: pytest.MonkeyPatch, service: str, secret_keys: list[str], *, refused: bool
) -> None:
    accounts = [{"name": "me", "password": "hunter2"}]
    values = given(service=service, pools=[{**POOL, "userAccounts": accounts}])
    monkeypatch.setenv("ARM_METADATA_HOSTNAME", "http://127.0.0.1:9")

    def program() -> None:
        set_all_config({f"shoal:{key}": value for key, value in values.items()}, secret_keys)
        read_settings()

    if not refused:
        record(program)
        return
    with pytest.raises(SettingsError) as refusal:
        record(program)
    assert str(refusal.value) == (
        "shoal:pools[0].userAccounts[0].password stands in Pulumi.dev.yaml for everyone to read; take it out and run"
        " `pulumi config set --secret --path 'shoal:pools[0].userAccounts[0].password'`"
    )


def test_key_of_another_namespace_that_was_meant_for_the_project_is_refused_under_plain_pulumi_too() -> None:
    def program() -> None:
        config = {f"shoal:{key}": value for key, value in given().items()}
        set_all_config({**config, "shaol:outputsExpireAfterDays": "3", "aws:region": "eu-west-1"})
        read_settings()

    with pytest.raises(SettingsError) as refused:
        record(program)
    assert str(refused.value) == (
        "shaol:outputsExpireAfterDays has a namespace that is neither the project's nor an installed provider's;"
        " did you mean shoal:outputsExpireAfterDays? If not, give it under config in Pulumi.yaml (Pulumi.dev.yaml)"
    )


def test_keys_are_told_by_the_name_of_the_project() -> None:
    with pytest.raises(SettingsError, match=r"^pricing:pools names spot more than once \(Pulumi.prod.yaml\)$"):
        parse_settings(given(pools=[POOL, POOL]), project="pricing", file="Pulumi.prod.yaml")


def test_network_and_monitoring_are_off_unless_something_is_said_of_them() -> None:
    args = parse().environment_args()
    assert "network" not in args
    assert "monitoring" not in args


def test_component_arguments_leave_out_what_a_network_and_monitoring_do_not_say() -> None:
    network, monitoring = {"outbound": "nat"}, {"emails": ["a@example.com"], "monthlyBudget": 99.5}
    args = parse(network=json.dumps(network), monitoring=json.dumps(monitoring)).environment_args()
    assert args.get("network") == {"outbound": "nat"}
    assert args.get("monitoring") == {"emails": ["a@example.com"], "monthly_budget": 99.5}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("yes", "shoal:network is yes; it must be a mapping of keys to values (Pulumi.dev.yaml)"),
        ('{"outbound": "vpn"}', "shoal:network.outbound is vpn; it must be 'nat' or 'none' (Pulumi.dev.yaml)"),
        (
            '{"outbound": "none"}',
            "shoal:network.outbound is none; without a gateway, nodes reach the Batch service through private endpoints"
            " only (Pulumi.dev.yaml)",
        ),
        (
            '{"outboundPorts": [0]}',
            "shoal:network.outboundPorts[0] is 0; it must be at least 1 (Pulumi.dev.yaml)",
        ),
        (
            '{"addressSpace": "10.0.0.0/30"}',
            "shoal:network.addressSpace is 10.0.0.0/30; it must be from /8 to /24 in size (Pulumi.dev.yaml)",
        ),
        (
            '{"privateEndpoint": true}',
            "shoal:network.privateEndpoint is not a known key; did you mean privateEndpoints? (Pulumi.dev.yaml)",
        ),
    ],
)
def test_wrong_network_is_refused(network: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(network=network)
    assert str(refused.value) == message


CLOSED = {"outbound": "none", "privateEndpoints": True}
MOUNTING = {**POOL, "mounts": [{"mountPath": "in", "container": "inputs"}]}
NFS = {**POOL, "mounts": [{"mountPath": "in", "nfsSource": "files:/in"}]}
OWN_IMAGE = {"imageId": GALLERY_IMAGE_ID, "nodeAgentSkuId": "batch.node.el 9"}


@pytest.mark.parametrize(
    ("network", "pool", "refused"),
    [
        (CLOSED, MOUNTING, True),
        ({"outboundPorts": [80]}, MOUNTING, True),
        ({"outbound": "nat"}, MOUNTING, False),
        ({"outboundPorts": [443]}, MOUNTING, False),
        (CLOSED, NFS, False),
        (CLOSED, {**MOUNTING, "subnetId": SUBNET_ID}, False),
        (CLOSED, {**{k: v for k, v in MOUNTING.items() if k != "image"}, **OWN_IMAGE}, False),
    ],
)
def test_containers_are_mounted_only_where_blobfuse_can_be_installed(
    network: dict[str, Any], pool: dict[str, Any], refused: bool
) -> None:
    text = (
        "shoal:pools[0].mounts[0].container is inputs; nodes install blobfuse from packages.microsoft.com, port 443,"
        " which shoal:network does not let them reach (Azure/Batch#190, 2025-03-27): give it outbound nat with port"
        " 443, or have tasks download their inputs (Pulumi.dev.yaml)"
    )
    assert complaint(pools=[pool], network=json.dumps(network)) == (text if refused else "")


def complaint(**values: Any) -> str:
    try:
        parse(**values)
    except SettingsError as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emails": []}, "shoal:monitoring.emails is an empty list; it must name somebody (Pulumi.dev.yaml)"),
        ({"emails": ["a@example.com"] * 2}, "a@example.com is named more than once (Pulumi.dev.yaml)"),
        ({"emails": ["somebody"]}, "shoal:monitoring.emails[0] is somebody; it must be an address of mail"),
        ({"emails": None}, "shoal:monitoring.emails is None; it must be a list (Pulumi.dev.yaml)"),
        ({"retentionDays": 7}, "shoal:monitoring.retentionDays is 7; it must be at least 30 (Pulumi.dev.yaml)"),
        ({"retentionDays": 800}, "shoal:monitoring.retentionDays is 800; it must be at most 730 (Pulumi.dev.yaml)"),
        ({"monthlyBudget": 0}, "shoal:monitoring.monthlyBudget is 0; it must be at least 1"),
        ({"monthlyBudget": "much"}, "shoal:monitoring.monthlyBudget is much; it must be a number (Pulumi.dev.yaml)"),
    ],
)
def test_wrong_monitoring_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(monitoring=json.dumps({"emails": ["a@example.com"], **change}))
    assert message in str(refused.value)


def test_monitoring_that_tells_nobody_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"shoal:monitoring.emails is missing \(Pulumi.dev.yaml\)"):
        parse(monitoring='{"monthlyBudget": 100}')


GROUP = "/subscriptions/s/resourceGroups/g"
BATCH = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/theirs"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/theirs"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/n/subnets/s"
OFFICE = '["203.0.113.0/24"]'


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"batchAccountId": "theirs"},
            "shoal:batchAccountId is theirs; it must be an ARM id: /subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
            "/providers/Microsoft.Batch/batchAccounts/NAME",
        ),
        ({"batchAccountId": STORAGE}, f"shoal:batchAccountId is {STORAGE}; it must be an ARM id"),
        ({"storageAccountId": BATCH}, f"shoal:storageAccountId is {BATCH}; it must be an ARM id"),
        ({"resourceGroupId": BATCH}, f"shoal:resourceGroupId is {BATCH}; it must be an ARM id"),
        (
            {"batchAccount": "mine", "batchAccountId": BATCH},
            "shoal:batchAccount names what is made and shoal:batchAccountId what is adopted; leave one of them out",
        ),
        ({"storageAccount": "mine", "storageAccountId": STORAGE}, "shoal:storageAccount names what is made and"),
        ({"resourceGroup": "mine", "resourceGroupId": GROUP}, "shoal:resourceGroup names what is made and"),
        ({"storageSku": "Standard_GRS"}, "shoal:storageSku is Standard_GRS; it must be 'Standard_LRS' or"),
        ({"softDeleteDays": "366"}, "shoal:softDeleteDays is 366; it must be at most 365"),
        ({"inputsImmutableForDays": "-1"}, "shoal:inputsImmutableForDays is -1; it must be at least 0"),
        (
            {"inputsImmutableForDays": "30", "storageAccountId": STORAGE},
            "shoal:inputsImmutableForDays cannot be used with shoal:storageAccountId",
        ),
        (
            {"allowedAddresses": '["10.0.0.1"]'},
            "shoal:allowedAddresses[0] is 10.0.0.1; it is a private address; Azure sees the public one",
        ),
        ({"allowedAddresses": OFFICE, "allowedSubnets": '["s"]'}, "shoal:allowedSubnets[0] is s; it must be an ARM id"),
        (
            {"allowedAddresses": OFFICE, "batchAccountId": BATCH, "storageAccountId": STORAGE},
            "shoal:allowedAddresses means nothing where both accounts are adopted",
        ),
        ({"allowedSubnets": f'["{SUBNET}"]'}, "shoal:allowedSubnets without shoal:allowedAddresses would close"),
        ({"tags": '{"a/b": "c"}'}, "shoal:tags is wrong: it has 'a/b'; a tag's name must have 1 to 128 characters"),
        ({"tags": '{"a": 1}'}, "shoal:tags.a is 1; it must be text"),
    ],
)
def test_wrong_key_of_the_accounts_is_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith("(Pulumi.dev.yaml)")


def test_ids_of_what_is_adopted_are_taken_whatever_their_case() -> None:
    args = parse(batchAccountId=BATCH.lower(), storageAccountId=STORAGE, resourceGroupId=GROUP).environment_args()
    assert args["batch_account_id"] == BATCH.lower()
    assert args["storage_account_id"] == STORAGE


@pytest.mark.parametrize(
    ("values", "is_doubted"),
    [
        ({"allowedAddresses": OFFICE}, True),
        ({"allowedAddresses": OFFICE, "allowedSubnets": f'["{SUBNET}"]'}, False),
        ({"allowedAddresses": OFFICE, "storageAccountId": STORAGE}, False),
        ({}, False),
    ],
)
def test_storage_that_stays_open_although_addresses_are_given_is_doubted(
    values: dict[str, str], *, is_doubted: bool
) -> None:
    doubts = parse(**values).reminders(project="shoal", file="Pulumi.dev.yaml")
    assert any("shoal:allowedAddresses closes the Batch account only" in doubt for doubt in doubts) is is_doubted


@pytest.mark.parametrize(
    ("values", "is_doubted"),
    [
        ({}, True),
        ({"deployers": ONE}, False),
        ({"packages": "[]"}, False),
        ({"batchAccountId": BATCH}, False),
        ({"service": "embedded", "authentication": "shared_key"}, False),
    ],
)
def test_packages_that_nobody_is_listed_to_upload_are_doubted(values: dict[str, str], *, is_doubted: bool) -> None:
    settings = parse(**{"service": "azure", "authentication": "entra", **values})
    doubts = settings.reminders(project="pricing", file="Pulumi.dev.yaml")
    assert any(doubt.startswith("pricing:deployers is empty: ") for doubt in doubts) is is_doubted


@pytest.mark.parametrize(("service", "is_doubted"), [("azure", True), ("embedded", False)])
def test_simulation_is_doubted_on_an_azure_stack_only(service: str, *, is_doubted: bool) -> None:
    pools = [POOL, {**POOL, "name": "other", "metadata": {"shoal:simulate": "60x"}}]
    settings = parse(pools=pools, service=service, authentication="shared_key")
    doubts = settings.reminders(project="pricing", file="Pulumi.dev.yaml")
    text = "pricing:pools[1].metadata.shoal:simulate means nothing in Azure: its nodes are real ones, which cost money"
    assert any(doubt.startswith(text) for doubt in doubts) is is_doubted


def test_wrong_simulation_of_a_pool_is_refused_with_its_place_in_the_file() -> None:
    with pytest.raises(SettingsError) as refused:
        parse(pools=[{**POOL, "metadata": {"shoal:simulate": "fast"}}])
    message = str(refused.value)
    assert message.startswith("shoal:pools[0].metadata shoal:simulate: speed: Input should be a valid number")
    assert message.endswith("(Pulumi.dev.yaml)")
