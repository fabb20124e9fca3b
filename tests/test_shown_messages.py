"""Messages that accounts.md, deploy.md, errors.md, jobs.md and policies.md show are those that are printed."""

import re

import pytest
from rules.node_counts import NODES_CAPPED
from rules.rule import POOL

from components.accounts.account_quotas import Quotas, demand, shortfalls
from components.settings.stack_settings import parse_settings
from shoal.azure_errors import explained
from shoal.deploy.resources.arm_types.refusals import refusals
from shoal.deploy.resources.resource_types import TYPES
from shoal.errors import BadInput
from shoal.jobs.submit.submit import Submission
from tests.clone import ROOT
from tests.components.values import given
from tests.policy.test_rules import fixed, violations

DOCS = ROOT / "docs"


def lines(page: str, start: str) -> list[str]:
    """Lines of the page that begin so."""
    return [line for line in (DOCS / page).read_text().splitlines() if line.startswith(start)]


def test_wrong_setting_is_reported_as_shown() -> None:
    (shown,) = lines("deploy.md", "error: shoal:")
    pool = {"name": "spot", "vmSize": "standard_d2s_v3", "image": "ubuntu-24.04", "taskSlotsPerNode": 0}
    with pytest.raises(BadInput) as failure:
        parse_settings(given(pools=[pool]), project="shoal", file="Pulumi.dev.yaml")
    assert shown == f"error: {failure.value}"


def test_property_that_azure_does_not_know_is_reported_as_shown() -> None:
    (shown,) = lines("deploy.md", "error: azure-native:")
    reasons = refusals(TYPES["azure-native:batch:Pool"], {"taskSlotPerNode": 4})
    assert shown.removeprefix("error: azure-native:batch:Pool spot-pool: ") in reasons


def test_small_quota_is_reported_as_shown() -> None:
    (shown,) = lines("accounts.md", "warning: ")
    pool = {"vm_size": "standard_d4s_v5", "max_spot_nodes": 10, "max_dedicated_nodes": 0}
    (shortfall,) = shortfalls(Quotas(None, 20, None), [demand("spot", pool)])
    assert shown.startswith(f"warning: {shortfall};")


def test_error_of_azure_is_explained_as_shown() -> None:
    (shown,) = lines("errors.md", "error: ")
    (original,) = lines("errors.md", "  storage:StorageAccount")
    assert shown == f"error: {explained(original)}"


def test_submissions_are_reported_as_shown() -> None:
    first = Submission(job_id="var-friday", added=300, already_there=0)
    second = Submission(job_id="var-friday", added=0, already_there=300)
    assert lines("jobs.md", "var-friday: ") == [first.summary, second.summary]


def test_broken_policy_is_reported_as_shown() -> None:
    page = (DOCS / "policies.md").read_text()
    (block,) = re.findall(r"\[mandatory\]  nodes-capped .*\n +(.*)\n +(.*)\n", page)
    assert block == (NODES_CAPPED.reason, *violations(NODES_CAPPED, fixed(spot=300), POOL))
