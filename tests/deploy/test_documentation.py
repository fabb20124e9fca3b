"""What docs/deploy.md says in tables is what the code does."""

import pytest

from components.images import IMAGES
from components.pool_settings import Pool
from components.roles import GRANTS
from components.settings import Package, Submitter
from shoal.deploy.resource_types import TYPES
from tests.services import REPOSITORY

TEXT = (REPOSITORY / "docs" / "deploy.md").read_text()


def test_roles_are_those_that_are_assigned() -> None:
    rows = [f"| {grant.who} | {grant.role.name} | {grant.scope} | {grant.why} |" for grant in GRANTS]
    documented = [line for line in TEXT.splitlines() if line.startswith(("| account |", "| nodes |", "| submitters |"))]
    assert documented == rows


@pytest.mark.parametrize("section", [Package, Pool, Submitter])
def test_every_key_of_the_lists_is_explained(section: type[Package | Pool | Submitter]) -> None:
    for field in section.model_fields.values():
        assert f"`{field.alias}`" in TEXT


def test_every_image_and_type_is_named() -> None:
    for name in (*IMAGES, *(token.removeprefix("azure-native:") for token in TYPES)):
        assert f"`{name}`" in TEXT
