"""The rules of the policy pack, as plain functions on the resources that a program declares."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from rules import RULES
from rules.budget_present import BUDGET_PRESENT
from rules.clean_formula import FORMULA_CLEAN
from rules.exposure import NO_PUBLIC_ADDRESSES, NO_SHARED_KEYS
from rules.image_support import IMAGE_STARTS, IMAGE_SUPPORTED
from rules.node_counts import NODES_CAPPED, SCALES_TO_ZERO, SPOT_SHARE
from rules.pinned_packages import PACKAGES_PINNED
from rules.rule import BATCH_ACCOUNT, POOL, STORAGE_ACCOUNT, Declared, Level, ResourceRule, circumstances, plain_type

from components.environment import Environment
from components.settings.stack_settings import parse_settings
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.azure.images import IMAGES
from shoal.projects.project import read_stack
from tests.programs import record
from tests.services import REPOSITORY

TODAY = date(2026, 11, 22)
FOLLOWING = formula(PendingTasks(max_spot_nodes=20, max_dedicated_nodes=4, evaluation_interval=timedelta(minutes=5)))
ALWAYS_TWO = "$TargetLowPriorityNodes = max(2, min(10, $PendingTasks.GetSample(1)));"
UNLIMITED = "$TargetLowPriorityNodes = max(0, $PendingTasks.GetSample(1));"
DEDICATED = "$TargetDedicatedNodes = min(10, $PendingTasks.GetSample(1));"
HALF = "n = min(10, $PendingTasks.GetSample(1)); $TargetDedicatedNodes = n; $TargetLowPriorityNodes = n;"
UNREADABLE = "$TargetLowPriorityNodes = min(10,"


def violations(rule: ResourceRule, inputs: Mapping[str, Any], kind: str = POOL, **settings: float) -> list[str]:
    return list(rule.violations(kind, inputs, circumstances(rule, settings, TODAY)))


def scaled(text: str, interval: str | None = "PT5M") -> dict[str, Any]:
    auto_scale = {"formula": text} | ({} if interval is None else {"evaluationInterval": interval})
    return {"scaleSettings": {"autoScale": auto_scale}}


def fixed(*, dedicated: int = 0, spot: int = 0) -> dict[str, Any]:
    return {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot}}}


@pytest.mark.parametrize("interval", ["PT5M", "PT3S", "PT1H", None])
def test_pool_that_follows_its_tasks_breaks_no_rule_on_nodes(interval: str | None) -> None:
    for rule in (SCALES_TO_ZERO, NODES_CAPPED, SPOT_SHARE):
        assert violations(rule, scaled(FOLLOWING, interval)) == []


@pytest.mark.parametrize("pool", [{}, {"scaleSettings": None}, fixed(), scaled(UNREADABLE)])
def test_pool_without_nodes_or_with_an_invalid_formula_breaks_no_rule_on_nodes(pool: dict[str, Any]) -> None:
    for rule in (SCALES_TO_ZERO, NODES_CAPPED, SPOT_SHARE):
        assert violations(rule, pool) == []


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (scaled(ALWAYS_TWO), "after a week without tasks, its formula keeps 2 nodes; let the target follow"),
        (fixed(spot=3), "it has 3 nodes whether tasks run or not; use limits or a formula"),
        (fixed(dedicated=1, spot=1), "it has 2 nodes whether tasks run or not"),
    ],
)
def test_pool_must_have_no_node_when_idle(pool: dict[str, Any], message: str) -> None:
    (violation,) = violations(SCALES_TO_ZERO, pool)
    assert message in violation


@pytest.mark.parametrize(
    ("pool", "allowed", "most"),
    [
        (scaled(FOLLOWING), 23, 24),  # 20 Spot nodes, and 4 dedicated ones that stand in
        (scaled(FOLLOWING), 24, None),
        (scaled(DEDICATED), 9, 10),
        (fixed(dedicated=60, spot=60), 100, 120),
        (fixed(dedicated=50, spot=50), 100, None),
    ],
)
def test_pool_may_not_have_more_nodes_than_allowed(pool: dict[str, Any], allowed: int, most: int | None) -> None:
    violation = f"it may have {most} nodes, and {allowed} are allowed; lower maxSpotNodes and maxDedicatedNodes"
    assert violations(NODES_CAPPED, pool, nodes=allowed) == ([] if most is None else [violation])


def test_pool_without_a_limit_has_too_many_nodes() -> None:
    (violation,) = violations(NODES_CAPPED, scaled(UNLIMITED))
    assert "and 110 are allowed" in violation


def test_pool_with_default_limits_breaks_no_rule_on_nodes() -> None:
    default = scaled(formula(PendingTasks()))
    assert [violations(rule, default) for rule in (SCALES_TO_ZERO, NODES_CAPPED, SPOT_SHARE)] == [[], [], []]


@pytest.mark.parametrize(
    ("pool", "share", "message"),
    [
        (scaled(FOLLOWING), 1.0, None),
        (scaled(DEDICATED), 0.5, "when it is busy, 0 of its 10 nodes are Spot nodes, and at least 50% should be"),
        (scaled(HALF), 0.5, None),
        (scaled(HALF), 0.6, "when it is busy, 10 of its 20 nodes are Spot nodes, and at least 60% should be"),
        (scaled(DEDICATED), 0.0, None),
        (fixed(dedicated=3, spot=1), 0.5, "when it is busy, 1 of its 4 nodes are Spot nodes"),
    ],
)
def test_busy_pool_is_mostly_spot(pool: dict[str, Any], share: float, message: str | None) -> None:
    reported = violations(SPOT_SHARE, pool, share=share)
    assert [message in violation for violation in reported if message] == ([] if message is None else [True])
    assert len(reported) == (message is not None)


def test_formula_is_linted_and_a_comment_silences_a_rule() -> None:
    assert violations(FORMULA_CLEAN, scaled(FOLLOWING)) == []
    assert violations(FORMULA_CLEAN, fixed(spot=3)) == []
    reported = violations(FORMULA_CLEAN, scaled(UNLIMITED))
    assert any("[no-cap]" in violation for violation in reported)
    silenced = violations(FORMULA_CLEAN, scaled(f"// shoal: off no-cap\n{UNLIMITED}"))
    assert len(silenced) == len(reported) - 1
    (refused,) = violations(FORMULA_CLEAN, scaled(UNREADABLE))
    assert refused.startswith("formula:1:34: error: ")


@pytest.mark.parametrize(
    ("network", "public"),
    [
        (None, True),
        ({"subnetId": "/s"}, True),
        ({"publicIPAddressConfiguration": {"provision": "BatchManaged"}}, True),
        ({"publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"}}, False),
    ],
)
def test_nodes_have_no_public_address(network: dict[str, Any] | None, public: bool) -> None:
    assert bool(violations(NO_PUBLIC_ADDRESSES, {"networkConfiguration": network})) == public


@pytest.mark.parametrize(
    ("kind", "account", "messages"),
    [
        (STORAGE_ACCOUNT, {"allowSharedKeyAccess": False}, []),
        (STORAGE_ACCOUNT, {"allowSharedKeyAccess": True}, ["it accepts keys; set allowSharedKeyAccess to false"]),
        (STORAGE_ACCOUNT, {}, ["it accepts keys; set allowSharedKeyAccess to false"]),
        (BATCH_ACCOUNT, {"allowedAuthenticationModes": ["AAD"]}, []),
        (BATCH_ACCOUNT, {"allowedAuthenticationModes": ["AAD", "SharedKey"]}, ["leave SharedKey out of"]),
        (BATCH_ACCOUNT, {}, ["leave SharedKey out of"]),
        (
            BATCH_ACCOUNT,
            {
                "allowedAuthenticationModes": ["AAD", "TaskAuthenticationToken"],
                "autoStorage": {"authenticationMode": "BatchAccountManagedIdentity"},
            },
            [],
        ),
        (
            BATCH_ACCOUNT,
            {"allowedAuthenticationModes": [], "autoStorage": {"authenticationMode": "StorageKeys"}},
            ["it accesses its storage with a key; set autoStorage.authenticationMode to BatchAccountManagedIdentity"],
        ),
    ],
)
def test_accounts_take_no_keys(kind: str, account: dict[str, Any], messages: Sequence[str]) -> None:
    reported = violations(NO_SHARED_KEYS, account, kind)
    assert len(reported) == len(messages)
    assert all(expected in violation for expected, violation in zip(messages, reported, strict=True))


def of_image(name: str) -> dict[str, Any]:
    image = IMAGES[name]
    reference = {"publisher": image.publisher.upper(), "offer": image.offer, "sku": image.sku, "version": "latest"}
    return {"deploymentConfiguration": {"virtualMachineConfiguration": {"imageReference": reference}}}


def test_image_is_not_near_the_end_of_its_support() -> None:
    name = "ubuntu-22.04"
    end = IMAGES[name].end_of_life

    def reported(today: date, days: int) -> list[str]:
        configured = circumstances(IMAGE_SUPPORTED, {"days": days}, today)
        return list(IMAGE_SUPPORTED.violations(POOL, of_image(name), configured))

    assert reported(end - timedelta(days=90), 90) == []
    assert reported(end - timedelta(days=89), 89) == []
    assert reported(end - timedelta(days=89), 90) == [
        f"support for {name} ends on {end}, in 89 days; choose another image"
    ]
    assert reported(end + timedelta(days=1), 0) == [f"{name} has been unsupported since {end}; choose another image"]


@pytest.mark.parametrize(
    ("image", "size", "reason"),
    [
        ("ubuntu-24.04", "Standard_D4_v3", "starts Gen1 images only, and the image is Gen2"),
        ("windows-2022", "Standard_D4s_v6", "starts Gen2 images only, with NVMe disks, and the image is Gen1"),
        ("almalinux-9", "Standard_D4ps_v5", "is an arm64 size, and the image is for x64"),
        ("ubuntu-24.04", "Standard_D4s_v3", ""),
        ("ubuntu-24.04", "Standard_M128s", ""),
    ],
)
def test_image_starts_on_its_size(image: str, size: str, reason: str) -> None:
    text = f"its image is {image}, but {size} {reason} (table of 2026-11-22); choose another size or image"
    assert violations(IMAGE_STARTS, {"vmSize": size, **of_image(image)}) == ([text] if reason else [])


@pytest.mark.parametrize(
    "pool", [{}, {"deploymentConfiguration": {"virtualMachineConfiguration": {"imageReference": {"id": "/mine"}}}}]
)
def test_unknown_image_is_not_judged(pool: dict[str, Any]) -> None:
    assert violations(IMAGE_SUPPORTED, pool) == []
    assert violations(IMAGE_STARTS, {"vmSize": "standard_d4_v3", **pool}) == []


def test_packages_have_versions() -> None:
    pool = {"applicationPackages": [{"id": "/a", "version": "1"}, {"id": "/b"}]}
    (violation,) = violations(PACKAGES_PINNED, pool)
    assert violation.startswith("applicationPackages[1] names no version")
    assert violations(PACKAGES_PINNED, {}) == []


@pytest.mark.parametrize(
    ("types", "count"),
    [
        ([], 0),
        ([STORAGE_ACCOUNT], 0),
        ([BATCH_ACCOUNT], 1),
        ([BATCH_ACCOUNT, "azure-native:consumption:Budget"], 0),
        ([BATCH_ACCOUNT, "azure-native:costmanagement:Budget"], 0),
    ],
)
def test_stack_with_a_batch_account_has_a_budget(types: list[str], count: int) -> None:
    declared = [Declared(type=kind, inputs={}) for kind in types]
    assert len(list(BUDGET_PRESENT.violations(declared, circumstances(BUDGET_PRESENT, {}, TODAY)))) == count


def test_version_of_the_api_does_not_hide_a_resource() -> None:
    assert plain_type("azure-native:batch/v20240701:Pool") == plain_type("azure-native:batch:Pool") == POOL


def test_setting_that_is_not_configured_has_its_default() -> None:
    assert circumstances(NODES_CAPPED, {}, TODAY).settings == {"nodes": 110}
    assert circumstances(NODES_CAPPED, {"nodes": 7, "other": 1}, TODAY).settings == {"nodes": 7}


def test_azure_example_keeps_every_mandatory_rule() -> None:
    declared = azure_example()
    assert {POOL, BATCH_ACCOUNT, STORAGE_ACCOUNT} <= {resource.type for resource in declared}
    found = [
        violation
        for rule in RULES
        if rule.level is Level.MANDATORY and isinstance(rule, ResourceRule)
        for resource in declared
        if resource.type in rule.types
        for violation in violations(rule, resource.inputs, resource.type)
    ]
    assert found == []


def azure_example() -> list[Declared]:
    """Return the resources that the program declares for the stack of `Pulumi.dev.yaml`."""
    stack = read_stack("dev", REPOSITORY)
    values = {key.removeprefix("shoal:"): value for key, value in stack.config.items() if key.startswith("shoal:")}
    args = parse_settings(values, project="shoal", file="Pulumi.dev.yaml").environment_args()

    def program() -> None:
        Environment("shoal", args)

    recorded = record(program, root=str(REPOSITORY))
    return [Declared(type=resource.type, inputs=resource.inputs) for resource in recorded.resources]
