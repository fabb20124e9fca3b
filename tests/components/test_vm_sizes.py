from typing import Any

import pytest

from components.argument_fault import as_given
from components.pool.size_rules import doubt, faults
from shoal.azure.vm_sizes import NAME, VM_SIZES, VmSize


def texts(**pool: Any) -> list[str]:
    return [f"{fault.at} {fault.text}" for fault in faults(pool, as_given)]


@pytest.mark.parametrize(
    ("name", "cores", "memory_gib"),
    [
        ("standard_a4m_v2", 4, 32),
        ("standard_d4s_v5", 4, 16),
        ("standard_d8ls_v5", 8, 16),
        ("standard_e64s_v3", 64, 432),
        ("standard_e104s_v5", 104, 672),
        ("standard_f16s_v2", 16, 32),
        ("standard_fx12mds", 12, 252),
        ("standard_hb120-16rs_v3", 16, 448),
        ("standard_nc16as_t4_v3", 16, 110),
    ],
)
def test_cores_and_memory_are_those_of_azures_pages(name: str, cores: int, memory_gib: float) -> None:
    assert (VM_SIZES[name].cores, VM_SIZES[name].memory_gib) == (cores, memory_gib)


def test_every_known_name_is_spelt_as_azure_spells_them() -> None:
    assert [name for name in VM_SIZES if not NAME.fullmatch(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "standard_d4s_v7",
        "Standard_D4as_v5",
        "standard_m128s",
        "standard_m416s_6_v3",
        "standard_hb368-96rs_v5",
        "standard_ds3_v2_promo",
        "standard_ng8ads_v620_v1",
        "standard_nd96isr_mi300x_v5",
        "standard_nd128isr_ndr_gb200_v6",
        "standard_dc4as_cc_v5",
    ],
)
def test_size_that_is_merely_unknown_is_taken(name: str) -> None:
    assert texts(vm_size=name, task_slots_per_node=4) == []
    assert doubt({"vm_size": name}, as_given) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("standard_d4s_v55", "did you mean standard_d4s_v5?"),
        ("d4s_v5", "did you mean standard_d4s_v5?"),
        ("standard-d4s-v5", "did you mean standard_d4s_v5?"),
        ("x", "Azure spells them like standard_d4s_v5"),
    ],
)
def test_name_that_no_size_can_have_is_refused(name: str, meant: str) -> None:
    assert texts(vm_size=name) == [f"vm_size is {name}; it is no name of a VM size, {meant}"]


def test_number_of_cores_that_a_family_lacks_is_doubtful() -> None:
    assert doubt({"vm_size": "standard_d5s_v5"}, as_given) == (
        "VM size standard_d5s_v5 is not known; did you mean standard_d4s_v5?"
    )


@pytest.mark.parametrize(("cores", "most"), [(1, 4), (2, 8), (48, 192), (64, 256), (96, 256)])
def test_slots_are_at_most_four_a_core_and_256_in_all(cores: int, most: int) -> None:
    name = f"standard_d{cores}s_v5" if cores > 1 else "standard_a1_v2"
    assert texts(vm_size=name, task_slots_per_node=most) == []
    (text,) = texts(vm_size=name, task_slots_per_node=most + 1)
    assert f"for which Batch allows {most} " in text


def test_slots_must_fit_the_memory_where_they_say_what_they_need() -> None:
    assert texts(vm_size="standard_d4s_v5", task_slots_per_node=2, memory_gib_per_slot=8) == []
    assert texts(vm_size="standard_d4s_v5", task_slots_per_node=3, memory_gib_per_slot=8) == [
        "task_slots_per_node is 3, of 8 GiB each; standard_d4s_v5 has 16 GiB, enough for 2"
    ]
    unknown = {"vm_size": "standard_m128s", "memory_gib_per_slot": 8}
    assert doubt(unknown, as_given) == "VM size standard_m128s is not known, so memory_gib_per_slot cannot be checked"


def test_only_sizes_with_a_cache_of_their_own_can_keep_a_system_on_it() -> None:
    assert VM_SIZES["standard_d4ds_v5"] == VmSize(cores=4, memory_gib=16, cache_disk=True)
    assert VM_SIZES["standard_d4s_v5"].cache_disk is False
