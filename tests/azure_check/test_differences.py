"""The offer of the service is compared with the pools of a stack and with our tables."""

from datetime import date

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.mgmt.batch import BatchManagementClient

from components.azure_provider import ProviderToken
from shoal.account_keys import BATCH_ARM_VERSION
from shoal.azure.api_versions import version_doubt
from shoal.azure.images import IMAGES
from shoal.azure.vm_sizes import VM_SIZES
from shoal.azure_check.differences import pool_faults, table_differences
from shoal.azure_check.offer import Offer, OfferedImage, OfferedSize, UsedPool
from shoal.deploy.resources.resource_types import TYPES
from shoal.jobs.submit.collection import API_VERSION
from tests.arm import SUBSCRIPTION

TODAY = date(2026, 11, 27)
UBUNTU = "canonical:ubuntu-24_04-lts:server"
AGENT = "batch.node.ubuntu 24.04"
POOL = UsedPool(name="spot", vm_size="standard_d4s_v5", image=UBUNTU, node_agent=AGENT)


def image(end: date | None = date(2029, 4, 30), agent: str = AGENT) -> OfferedImage:
    return OfferedImage(id=UBUNTU, node_agent=agent, end_of_life=end)


def size(end: date | None = None, cores: int | None = 4) -> OfferedSize:
    return OfferedSize(name="standard_d4s_v5", cores=cores, end_of_life=end)


@pytest.mark.parametrize(
    ("images", "sizes", "faults"),
    [
        ([image()], [size()], []),
        ([image(end=None)], [size(end=None)], []),
        ([], [size()], [f"pool spot: the service does not offer image {UBUNTU} with node agent {AGENT} here"]),
        (
            [image(agent="batch.node.ubuntu 22.04")],
            [size()],
            [f"pool spot: the service does not offer image {UBUNTU} with node agent {AGENT} here"],
        ),
        ([image()], [], ["pool spot: the service does not offer vmSize standard_d4s_v5 here"]),
        (
            [image(end=date(2027, 5, 1))],
            [size(end=date(2026, 11, 1))],
            [
                f"pool spot: the service supports image {UBUNTU} with node agent {AGENT} until 2027-05-01",
                "pool spot: the service supports vmSize standard_d4s_v5 until 2026-11-01",
            ],
        ),
        ([image(end=date(2027, 6, 1))], [size()], []),
    ],
)
def test_pool_that_uses_what_is_not_offered_or_not_for_long_is_named(
    images: list[OfferedImage], sizes: list[OfferedSize], faults: list[str]
) -> None:
    assert list(pool_faults(Offer(images=tuple(images), sizes=tuple(sizes)), [POOL], TODAY)) == faults


def test_pool_with_an_image_of_ones_own_is_checked_for_its_size_only() -> None:
    own = UsedPool(name="own", vm_size="standard_d4s_v5", image=None, node_agent=AGENT)
    assert list(pool_faults(Offer(images=(), sizes=(size(),)), [own], TODAY)) == []


def test_tables_that_disagree_with_the_service_are_named_with_both_values() -> None:
    known_images = {name: IMAGES[name] for name in ("ubuntu-24.04", "almalinux-9", "debian-10")}
    known_sizes = {name: VM_SIZES[name] for name in ("standard_d4s_v5", "standard_e4s_v5")}
    offer = Offer(images=(image(end=date(2028, 1, 1)),), sizes=(size(end=date(2030, 1, 1), cores=8),))
    assert list(table_differences(offer, TODAY, known_images=known_images, known_sizes=known_sizes)) == [
        "image ubuntu-24.04: supported until 2028-01-01 by the service, 2029-04-30 by our table "
        "(Ubuntu release cycle; 2026-11-22)",
        "image almalinux-9: the service does not offer almalinux:almalinux-x86_64:9-gen2",
        "standard_d4s_v5: 8 cores by the service, 4 by our table",
        "standard_d4s_v5: supported until 2030-01-01 by the service, no known day by our table",
        "1 VM sizes of our table are not offered in this region: standard_e4s_v5",
    ]


@pytest.mark.parametrize(
    ("version", "today", "doubt"),
    [
        ("2025-06-01", TODAY, None),
        ("2026-08-01", TODAY, None),
        (
            "2024-07-01.20.0",
            TODAY,
            "x sends api-version 2024-07-01.20.0, which may be refused from 2027-05-15; "
            "Batch keeps 2025-06-01 and later (Azure/Batch#140, 2026-05-15)",
        ),
        (
            "2019-08-01",
            date(2027, 5, 15),
            "x sends api-version 2019-08-01, which may be refused since 2027-05-15; "
            "Batch keeps 2025-06-01 and later (Azure/Batch#140, 2026-05-15)",
        ),
    ],
)
def test_api_version_that_batch_removes_is_named_with_the_day(version: str, today: date, doubt: str | None) -> None:
    assert version_doubt(version, "x", today) == doubt


def test_api_versions_that_our_own_clients_send_are_kept() -> None:
    data_plane = BatchClient("https://b", AzureNamedKeyCredential("b", "a2V5"))._config.api_version
    management = BatchManagementClient(ProviderToken(""), SUBSCRIPTION)._config.api_version
    versions = (data_plane, management, BATCH_ARM_VERSION, API_VERSION)
    assert [version_doubt(version, "shoal", TODAY) for version in versions] == [None] * 4


def test_azure_native_is_the_only_one_whose_version_batch_removes() -> None:
    """Its default version is not ours to choose: when it moves on, the row and this test follow."""
    versions = {kind.api_version for token, kind in TYPES.items() if token.startswith("azure-native:batch:")}
    assert versions == {"2024-07-01"}
    assert version_doubt("2024-07-01", "azure-native", TODAY) is not None
