"""Differences between a deployed stack and its account, from plain records."""

from dataclasses import replace
from typing import Any

import pytest
from azure.batch.models import BatchApplicationPackageReference, BatchPool

from shoal.autoscale.formula_digest import formula_digest
from shoal.environment import Environment, Package, Pool
from shoal.runs.drift import drift, other_pools
from shoal.runs.package_listing import PackageRow

FORMULA = "$TargetDedicatedNodes = 0;\n$TargetLowPriorityNodes = 2;"
SCALED = Pool(id="s", vm_size="standard_d2s_v3", task_slots_per_node=2, formula_digest=formula_digest(FORMULA))
FIXED = replace(SCALED, formula_digest=None, spot_nodes=2, dedicated_nodes=0)
OLD = replace(SCALED, formula_digest=None)


def present(**changes: Any) -> BatchPool:
    plain = {"id": "S", "vmSize": "Standard_D2s_v3", "taskSlotsPerNode": 2, "targetLowPriorityNodes": 2}
    return BatchPool({**plain, "targetDedicatedNodes": 0, **changes})


def scaled(text: str) -> dict[str, Any]:
    return {"enableAutoScale": True, "autoScaleFormula": text}


def found(environment: Environment, pool: Pool, now: BatchPool | None, *packages: PackageRow) -> list[str]:
    stack = replace(environment, pools={"spot": pool}, packages={"tool": Package(application="Tool", version="2")})
    return [f"{one.subject} {one.finding}" for one in drift(stack, {"s": now} if now else {}, packages)]


@pytest.mark.parametrize(
    ("pool", "now", "findings"),
    [
        (SCALED, present(**scaled(FORMULA)), []),
        (SCALED, present(**scaled(FORMULA.replace("\n", "\r\n"))), []),
        (
            SCALED,
            present(**scaled("$TargetDedicatedNodes = 9;")),
            ["has another formula than the one that was deployed"],
        ),
        (
            SCALED,
            present(),
            ["was deployed with a formula, and somebody gave it a fixed size of 2 Spot and 0 dedicated nodes"],
        ),
        (FIXED, present(), []),
        (
            FIXED,
            present(targetLowPriorityNodes=5),
            ["is to have 5 Spot and 0 dedicated nodes, and was deployed with 2 Spot and 0 dedicated nodes"],
        ),
        (
            FIXED,
            present(**scaled(FORMULA)),
            ["was deployed with 2 Spot and 0 dedicated nodes, and somebody gave it a formula"],
        ),
        (OLD, present(**scaled("anything")), []),
        (OLD, present(targetLowPriorityNodes=5), []),
        (FIXED, None, ["was deployed as s, and the account does not have it any more"]),
        (
            FIXED,
            present(vmSize="standard_d4s_v3", taskSlotsPerNode=4),
            [
                "has nodes of standard_d4s_v3, and was deployed with standard_d2s_v3",
                "has 4 task slots a node, and was deployed with 2",
            ],
        ),
    ],
)
def test_pool_that_was_changed_by_hand_is_told_from_one_as_it_was_deployed(
    environment: Environment, pool: Pool, now: BatchPool | None, findings: list[str]
) -> None:
    assert found(environment, pool, now) == [f"pool spot {finding}" for finding in findings]


def test_nodes_that_get_another_version_of_a_package_are_a_difference(environment: Environment) -> None:
    def references(*pairs: tuple[str, str]) -> BatchPool:
        return present(
            applicationPackageReferences=[
                BatchApplicationPackageReference(application_id=one, version=version) for one, version in pairs
            ]
        )

    assert found(environment, FIXED, references(("tool", "2"), ("of-somebody-else", "7"))) == []
    assert found(environment, FIXED, references(("tool", "1"))) == [
        "pool spot gives its nodes version 1 of package tool, and version 2 was deployed"
    ]


def test_version_of_a_package_that_is_gone_is_a_difference(environment: Environment) -> None:
    row = PackageRow(package="tool", application="tool", version="2", state="gone", size_bytes=None, pools=())
    (gone,) = found(environment, FIXED, present(), row)
    assert gone == "package tool version 2 is not in the account any more: nodes cannot get it"
    assert found(environment, FIXED, present(), replace(row, state="active")) == []


def test_pools_of_the_account_that_are_none_of_the_stack_are_listed(environment: Environment) -> None:
    stack = replace(environment, pools={"spot": FIXED})
    assert other_pools(stack, {"s": present(), "by-hand": present(id="By-hand")}) == ["By-hand"]
