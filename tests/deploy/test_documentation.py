"""The tables on the pages on stacks, pools and accounts agree with the code."""

import re

import pytest
import yaml

from components.accounts.batch_account import Submitter
from components.accounts.roles import GRANTS
from components.argument_check import fields_of
from components.argument_fault import camel
from components.environment_args import EnvironmentArgs, EnvironmentPackage, EnvironmentPool
from components.pool.pool_mounts import Mount
from components.pool.pool_start_task import PoolStartTask, ResourceFile
from components.pool.upgrade_policy import UpgradePolicy
from components.pool.user_accounts import UserAccount
from components.settings.stack_settings import parse_settings
from shoal.azure.images import AS_OF, IMAGES
from shoal.azure.vm_sizes import MAY_2027, MAY_2028, NOVEMBER_2028
from shoal.deploy.resources.resource_types import TYPES
from tests.components.values import given
from tests.services import REPOSITORY

TEXT = "\n".join((REPOSITORY / "docs" / page).read_text() for page in ("deploy.md", "pools.md", "accounts.md"))


def test_roles_are_those_that_are_assigned() -> None:
    rows = [f"| {grant.who} | {grant.role.name} | {grant.scope} | {grant.why} |" for grant in GRANTS]
    documented = [
        line
        for line in TEXT.splitlines()
        if line.startswith(("| account |", "| nodes |", "| deployers |", "| submitters |"))
    ]
    assert documented == rows


@pytest.mark.parametrize(
    "shape",
    [
        EnvironmentPackage,
        EnvironmentPool,
        Submitter,
        PoolStartTask,
        ResourceFile,
        Mount,
        UserAccount,
        UpgradePolicy,
    ],
)
def test_every_key_of_the_lists_is_explained(shape: type) -> None:
    for name in fields_of(shape):
        assert f"`{camel(name)}`" in TEXT


def test_every_type_is_named() -> None:
    for token in TYPES:
        assert f"`{token.removeprefix('azure-native:')}`" in TEXT


def test_images_are_those_of_the_table_with_their_ends_and_sources() -> None:
    documented = re.findall(r"^\| `(.+)` \| (\S+:\S+:\S+) \| ([^|]+) \| (\S+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
    assert documented == [
        (
            name,
            f"{image.publisher}:{image.offer}:{image.sku}",
            f"Gen{image.generation}" if image.generation else "not known",
            str(image.end_of_life),
            image.source,
        )
        for name, image in IMAGES.items()
    ]
    assert f"The table is of\n{AS_OF};" in TEXT


def test_retirements_are_those_of_the_table() -> None:
    rows = [f"| {retirement.on} | {retirement.source} |" for retirement in (MAY_2027, MAY_2028, NOVEMBER_2028)]
    assert [row for row in rows if row not in TEXT] == []


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(shoal:pools:.*?)```", TEXT, re.DOTALL))
def test_pools_of_the_examples_are_ones_that_a_stack_may_have(example: str) -> None:
    pools = yaml.safe_load(example)["shoal:pools"]
    values = given(service="azure", authentication="entra", pools=pools)
    settings = parse_settings(values, project="shoal", file="docs/pools.md")
    assert [pool["name"] for pool in settings.keys["pools"]] == [pool["name"] for pool in pools]


def test_every_key_of_accounts_beside_their_names_is_explained() -> None:
    names = {"resource_group", "batch_account", "storage_account"}
    explained_elsewhere = {"network", "monitoring"}
    for name in fields_of(EnvironmentArgs).keys() - names - explained_elsewhere:
        assert f"`{camel(name)}`" in TEXT
