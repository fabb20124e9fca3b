from datetime import date
from typing import Any

import pytest

from components.argument_fault import as_given, camel
from components.pool import size_rules
from components.pool.start_rules import faults
from shoal.azure.images import AS_OF, IMAGES
from shoal.azure.vm_sizes import MAY_2027, MAY_2028, NOVEMBER_2028, VM_SIZES, Retirement

GEN1, GEN2 = "ubuntu-22.04", "ubuntu-24.04"


def texts(size: str, image: str) -> list[str]:
    pool = {"vm_size": size, "image": image}
    return [f"{fault.at} {fault.text}" for fault in faults(pool, as_given, AS_OF)]


@pytest.mark.parametrize(
    ("size", "gen1", "gen2"),
    [
        ("standard_a2_v2", True, False),
        ("Standard_A2m_v2", True, False),
        ("standard_d2_v2", True, False),
        ("standard_ds2_v2", True, True),
        ("standard_d4_v3", True, False),
        ("standard_d4s_v3", True, True),
        ("standard_e4_v3", True, False),
        ("standard_e4s_v3", True, True),
        ("standard_d4s_v5", True, True),
        ("standard_d4as_v6", False, True),
        ("standard_e4ads_v6", False, True),
        ("standard_f4als_v6", False, True),
        ("standard_d4ps_v5", False, False),
        ("standard_e4pds_v6", False, False),
        ("standard_d4s_v7", True, True),
        ("standard_m128s", True, True),
    ],
)
def test_image_is_refused_where_it_does_not_start(size: str, gen1: bool, gen2: bool) -> None:
    assert (texts(size, GEN1) == [], texts(size, GEN2) == []) == (gen1, gen2)


@pytest.mark.parametrize(
    ("image", "generation"),
    [
        ("ubuntu-24.04", 2),
        ("ubuntu-22.04", 1),
        ("almalinux-9", 2),
        ("almalinux-8", 2),
        ("windows-2022", 1),
        ("windows-2019", 1),
        ("windows-2016", 1),
        ("ubuntu-20.04-container", 1),
        ("ubuntu-hpc-24.04", None),
    ],
)
def test_generation_of_an_image_is_that_of_its_sku(image: str, generation: int | None) -> None:
    assert IMAGES[image].generation == generation
    assert (texts("standard_d4_v3", image) == []) == (generation != 2)
    assert (texts("standard_d4s_v6", image) == []) == (generation != 1)


def test_refusal_names_what_starts_there() -> None:
    assert texts("standard_d4_v3", "ubuntu-24.04") == [
        "image is ubuntu-24.04, but standard_d4_v3 starts Gen1 images only, and the image is Gen2"
        " (table of 2026-11-22, docs/pools.md); it must be one of ubuntu-22.04, ubuntu-hpc-24.04, windows-2022,"
        " windows-2019, windows-2016, or vm_size another"
    ]
    assert texts("standard_d4s_v6", "windows-2022") == [
        "image is windows-2022, but standard_d4s_v6 starts Gen2 images only, with NVMe disks, and the image is Gen1"
        " (table of 2026-11-22, docs/pools.md); it must be one of ubuntu-24.04, ubuntu-hpc-24.04, ubuntu-hpc-22.04,"
        " almalinux-9, almalinux-8, or vm_size another"
    ]
    pool = {"vm_size": "standard_d4ps_v5", "image": "ubuntu-24.04"}
    assert [f"{fault.at} {fault.text}" for fault in faults(pool, camel, AS_OF)] == [
        "image is ubuntu-24.04, but standard_d4ps_v5 is an arm64 size, and the image is for x64"
        " (table of 2026-11-22, docs/pools.md); give imageId and nodeAgentSkuId for an arm64 image of your own,"
        " or another vmSize"
    ]


@pytest.mark.parametrize(
    "pool",
    [
        {"vm_size": "standard_d4ps_v5", "image_id": "/own", "node_agent_sku_id": "batch.node.ubuntu 24.04-arm64"},
        {"vm_size": "standard_d4_v3", "image": "unheard-of"},
        {"image": "ubuntu-24.04"},
    ],
)
def test_what_the_tables_do_not_have_is_never_refused(pool: dict[str, Any]) -> None:
    assert list(faults(pool, as_given, AS_OF)) == []


@pytest.mark.parametrize(
    ("size", "retirement"),
    [
        ("standard_hc44rs", MAY_2027),
        ("standard_hb120rs_v2", MAY_2027),
        ("standard_d2_v2", MAY_2028),
        ("standard_ds15_v2", MAY_2028),
        ("standard_l8s", MAY_2028),
        ("standard_a4m_v2", NOVEMBER_2028),
        ("standard_f4s_v2", NOVEMBER_2028),
        ("standard_l8s_v2", NOVEMBER_2028),
        ("standard_d4s_v3", None),
        ("standard_l8s_v3", None),
    ],
)
def test_retirement_of_a_series_is_that_of_each_of_its_sizes(size: str, retirement: Retirement | None) -> None:
    assert VM_SIZES[size].retirement == retirement


@pytest.mark.parametrize(
    ("today", "refused", "warned"),
    [
        (date(2026, 12, 1), False, False),
        (date(2026, 12, 2), False, True),
        (date(2027, 5, 31), False, True),
        (date(2027, 6, 1), True, False),
    ],
)
def test_retired_size_is_refused_and_a_retiring_one_is_doubtful(today: date, refused: bool, warned: bool) -> None:
    pool = {"vm_size": "standard_hc44rs"}
    reason = "Learn, Trusted Launch for Azure VMs, 2026-07-27; Azure/Batch#140"
    found = [f"{fault.at} {fault.text}" for fault in size_rules.retired(pool, as_given, today)]
    refusal = f"Azure retired this size on 2027-05-31 ({reason}); take one such as standard_d4s_v5"
    warning = f"Azure retires VM size standard_hc44rs on 2027-05-31 ({reason}); take another before then"
    assert found == ([f"vm_size is standard_hc44rs; {refusal}"] if refused else [])
    assert size_rules.retiring(pool, today) == (warning if warned else None)
