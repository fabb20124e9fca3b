"""The comment of a pull request, written from plain values."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shoal.azure.prices import NodePrice
from shoal.deploy.steps import Change, ResourceStep, StepOperation
from shoal.errors import BadInput
from shoal.pull_requests.comment_text import comment_text
from shoal.pull_requests.markdown import LIMIT, cut, fenced
from shoal.pull_requests.pool_cost import Assumption, PoolCost, UnknownCost
from shoal.pull_requests.previewed_pools import PreviewedPool, previewed_pools
from shoal.pull_requests.proposal import Doubt, Proposal, ProposedJob
from shoal.quantities import duration

FIVE_MINUTES = Assumption(task_duration=timedelta(minutes=5), node_prices={})


def step(operation: StepOperation, kind: str, name: str, *changes: str, **inputs: object) -> ResourceStep:
    return ResourceStep(
        operation=operation,
        urn=f"urn:pulumi:dev::shoal::shoal:index:Environment$azure-native:{kind}::{name}",
        id=f"/subscriptions/s/resourceGroups/g/{name}",
        changes=tuple(Change(name=change[1:], kind=change[0]) for change in changes),
        inputs=inputs,
    )


GROUP = step(StepOperation.SAME, "resources:ResourceGroup", "group")
POOL = step(
    StepOperation.REPLACE,
    "batch:Pool",
    "spot-pool",
    "~vmSize",
    poolName="spot",
    taskSlotsPerNode=4,
    scaleSettings={"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "PT5M"}},
)
JOB = ProposedJob(file="jobs/var.yaml", job_id="var-1f0a", pool="spot", tasks=361, slots=361, missing=361)
COST = PoolCost(
    pool="spot",
    tasks=361,
    node_hours=8.31,
    spot_node_hours=8.31,
    peak_nodes=3,
    seconds=9840,
    unfinished=0,
    price=None,
    fixed=False,
)


def written(*steps: ResourceStep, assumption: Assumption = FIVE_MINUTES, **parts: Any) -> str:
    comment = Proposal(stack="dev", steps=steps, pools=previewed_pools(steps))
    return comment_text(replace(comment, **parts), assumption)


def test_first_line_marks_the_comment_of_the_stack() -> None:
    assert written().splitlines()[0] == "<!-- shoal:dev -->"


def test_unchanged_stack_is_told_in_a_line() -> None:
    text = written(GROUP)
    assert "No changes: all 1 resources are as declared." in text
    assert "```" not in text


def test_changes_are_counted_and_shown_as_a_diff_with_the_gravest_first() -> None:
    package = step(StepOperation.CREATE, "batch:ApplicationPackage", "var-version")
    old = step(StepOperation.DELETE, "batch:ApplicationPackage", "var-old")
    rules = step(StepOperation.UPDATE, "storage:ManagementPolicy", "lifecycle", "~policy", "+tags")
    text = written(GROUP, package, rules, old, POOL)
    counts = "**1 to be replaced, 1 to be deleted, 1 to be updated, 1 to be created**, 1 unchanged."
    assert counts in text
    assert (
        "```diff\n"
        "! replace batch:Pool spot-pool  (~vmSize)\n"
        "- delete  batch:ApplicationPackage var-old\n"
        "! update  storage:ManagementPolicy lifecycle  (~policy, +tags)\n"
        "+ create  batch:ApplicationPackage var-version\n"
        "```" in text
    )


def test_replaced_and_deleted_pools_are_called_out() -> None:
    gone = step(StepOperation.DELETE, "batch:Pool", "old-pool", poolName="old")
    text = written(POOL, gone)
    assert (
        "> **Pool `spot` is replaced**: it is deleted with all its nodes and created again. Its running tasks are"
        in text
    )
    assert "> **Pool `old` is deleted**" in text


def test_jobs_are_listed_with_what_would_be_added() -> None:
    jobs = [
        JOB,
        replace(JOB, job_id="done", missing=0),
        replace(JOB, job_id="half", missing=120),
        replace(JOB, job_id=None),
    ]
    text = written(jobs=jobs)
    assert "**842 tasks to be added.**" in text
    assert "| `jobs/var.yaml` | `var-1f0a` | `spot` | 361 | 361 | new |" in text
    assert "| `jobs/var.yaml` | `done` | `spot` | 361 | 361 | already there |" in text
    assert "| `jobs/var.yaml` | `half` | `spot` | 361 | 361 | 120 to be added |" in text
    assert "| `jobs/var.yaml` | named when deployed |" in text


def test_cost_says_what_it_assumes_and_invents_no_price() -> None:
    text = written(jobs=[JOB], costs=[COST])
    assert "| `spot` | 361 | **8.3** | 3 | 2 h 44 min |\n" in text
    assert "a task takes 5 min (`--task-duration`)" in text
    assert "No costs are shown without the price of a node-hour (`--node-price`)." in text


def test_price_that_is_given_is_told_in_its_currency() -> None:
    priced = replace(FIVE_MINUTES, node_prices={"": NodePrice(dedicated=0.04, spot=0.04)}, currency="EUR")
    text = written(jobs=[JOB], costs=[replace(COST, price=0.3324)], assumption=priced)
    assert "| `spot` | 361 | **8.3** | 3 | 2 h 44 min | 0.33 EUR |" in text
    assert "No costs are shown" not in text


def test_pool_of_fixed_size_is_told_by_the_day() -> None:
    fixed = replace(COST, pool="build", peak_nodes=2, node_hours=48.0, fixed=True)
    text = written(costs=[fixed])
    assert "Pool `build` always has 2 nodes, with or without tasks: **48** node-hours a day." in text


def test_price_of_the_table_is_told_as_such() -> None:
    price = NodePrice(dedicated=0.23, spot=0.05)
    listed = replace(COST, price=1.25, node_price=price, listed_size="standard_d4s_v5")
    text = written(jobs=[JOB], costs=[listed], assumption=replace(FIVE_MINUTES, currency="EUR"))
    assert "| 1.25 USD |" in text
    assert (
        "Approximate prices of a node-hour in USD, Linux in West Europe, from a table of 2026-11-22: `standard_d4s_v5` "
        "0.23 dedicated, 0.05 Spot. Spot prices vary; `--node-price` gives yours." in text
    )


def test_one_price_for_both_kinds_of_nodes_is_told_where_both_are_used() -> None:
    alike = NodePrice(dedicated=0.04, spot=0.04)
    both = replace(COST, node_hours=8.0, spot_node_hours=6.0, price=0.32, node_price=alike)
    sentence = "Spot and dedicated nodes are priced alike, because one price was given (`--node-price DEDICATED/SPOT`)."
    assert sentence in written(costs=[both])
    assert sentence not in written(costs=[replace(both, spot_node_hours=8.0)])
    assert sentence not in written(costs=[replace(both, node_price=replace(alike, dedicated=0.2))])


def test_cost_that_is_not_known_says_why() -> None:
    text = written(costs=[UnknownCost(pool="own", tasks=5, reason="the program does not declare the pool")])
    assert "The cost of 5 tasks on pool `own` is unknown: the program does not declare the pool." in text


def test_tasks_that_never_end_are_told() -> None:
    assert "12 tasks not finished after 7 d" in written(costs=[replace(COST, unfinished=12, seconds=7 * 86400)])


def test_failed_preview_is_told_with_its_reason_and_without_a_plan() -> None:
    text = written(error="shoal:pools[0].image is ubuntu-1")
    assert "**The preview failed.**" in text
    assert "```\nshoal:pools[0].image is ubuntu-1\n```" in text
    assert "### Jobs" not in text


def test_failed_preview_does_not_say_that_nothing_changes() -> None:
    assert "No changes" not in written(GROUP, error="no")
    assert "up to the failure\n\n**1 to be replaced**, 1 unchanged." in written(GROUP, POOL, error="no")


@pytest.mark.parametrize(
    "scaling",
    [
        "[secret]",
        {"autoScale": {"formula": "[secret]", "evaluationInterval": "PT5M"}},
        {"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "[secret]"}},
        {"fixedScale": {"targetDedicatedNodes": "[secret]"}},
    ],
)
def test_pool_whose_scaling_is_a_secret_is_one_of_which_nothing_is_known(scaling: object) -> None:
    (pool,) = previewed_pools([step(StepOperation.CREATE, "batch:Pool", "p", poolName="p", scaleSettings=scaling)])
    assert (pool.id, pool.formula, pool.fixed_nodes) == ("p", None, None)


def test_interval_that_is_none_is_refused() -> None:
    scaling = {"autoScale": {"formula": "$TargetDedicatedNodes = 1;", "evaluationInterval": "soon"}}
    with pytest.raises(BadInput, match=r"^pool p: evaluationInterval: 'soon' is not a duration"):
        previewed_pools([step(StepOperation.CREATE, "batch:Pool", "p", poolName="p", scaleSettings=scaling)])


def test_doubts_and_further_sections_are_shown_as_they_are() -> None:
    sections = [("Policies", "all 9 hold ```"), ("Empty", "\n")]
    text = written(doubts=[Doubt(subject="spot", text="warning: never zero")], sections=sections)
    assert "### Formula warnings\n\n`spot`\n\n```\nwarning: never zero\n```" in text
    assert "### Policies\n\n````\nall 9 hold ```\n````" in text
    assert "### Empty" not in text


def test_values_of_properties_are_never_in_the_comment() -> None:
    secret = step(
        StepOperation.UPDATE, "batch:Pool", "p", "~startTask", poolName="p", startTask={"commandLine": "hunter2"}
    )
    assert "hunter2" not in written(secret)


def test_many_changes_are_shortened() -> None:
    text = written(*(step(StepOperation.CREATE, "batch:Application", f"a{i}") for i in range(500)))
    assert "a199\n… and 300 more\n```" in text
    assert "**500 to be created**" in text


def test_comment_is_cut_to_what_is_accepted_with_its_last_block_closed() -> None:
    text = written(sections=[("Policies", "a line of a policy\n" * 10_000)])
    assert LIMIT - 100 < len(text) <= LIMIT
    assert text.rstrip().endswith("`shoal preview` shows everything._")
    assert text.count("```") % 2 == 0


@pytest.mark.parametrize("limit", range(80, 400, 7))
def test_cut_never_leaves_a_block_open_nor_passes_the_limit(limit: int) -> None:
    text = "\n\n".join(["begin", fenced("short"), fenced("```\nwith a fence\n```\n" * 9, "diff"), "end of it"])
    found = cut(text, limit)
    assert len(found) <= max(limit, 0)
    fences = [line for line in found.splitlines() if line.startswith("````")]
    assert len(fences) % 2 == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (90, "1 min 30 s"), (300, "5 min"), (3600, "1 h"), (9840, "2 h 44 min"), (200_000, "2 d 7 h")],
)
def test_durations_are_told_in_their_two_largest_units(seconds: int, told: str) -> None:
    assert duration(timedelta(seconds=seconds)) == told


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (POOL.inputs, ("spot", 4, "$TargetDedicatedNodes = 1;", None)),
        ({"poolName": "p", "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 3}}}, ("p", 1, None, 3)),
        ({"poolName": "p", "scaleSettings": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}, ("p", 1, None, None)),
        ({}, ("spot-pool", 1, None, None)),
    ],
)
def test_pool_is_read_from_what_the_program_asks_for(inputs: dict[str, object], expected: tuple[object, ...]) -> None:
    [pool] = previewed_pools([GROUP, replace(POOL, inputs=inputs)])
    assert (pool.id, pool.task_slots_per_node, pool.formula, pool.fixed_nodes) == expected
    assert isinstance(pool, PreviewedPool)
