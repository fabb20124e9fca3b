"""VM sizes that Batch pools commonly use, with their cores and memory.

Source: Azure's pages of VM sizes as of 2026; families that Batch pools commonly use. What a region offers an account
says `az batch location list-skus`, so a size that is not among these is taken as it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from shoal.azure.hardware import ANY_X64, ARM64, ARM64_NVME, GEN1_ONLY, GEN2_NVME, Hardware

NAME = re.compile(r"standard_[a-z]{1,3}\d{1,3}(-\d{1,3})?[a-z]{0,6}(_(?!v\d+$)[a-z0-9]{1,6}){0,2}(_v\d)?(_promo)?")
"""Family, cores, constrained cores, features, accelerator or memory, version. Source: Azure's naming conventions."""


WARNED_BEFORE = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    on: date
    source: str


MAY_2028 = Retirement(on=date(2028, 5, 1), source="Azure/Batch#140, 2026-05-15; Learn, D, Ds, Dv2, Dsv2 and Ls series")
MAY_2027 = Retirement(on=date(2027, 5, 31), source="Learn, Trusted Launch for Azure VMs, 2026-07-27; Azure/Batch#140")
NOVEMBER_2028 = Retirement(on=date(2028, 11, 15), source="Azure update 500682, 2025-09")


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSize:
    cores: int
    memory_gib: float
    cache_disk: bool | None = None
    """True if the cache can hold the operating system's disk; None if that is not known."""
    hardware: Hardware = ANY_X64
    retirement: Retirement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    pattern: str
    """Names of its sizes, with `{}` for the number of cores."""
    cores: tuple[int, ...]
    gib_per_core: float
    odd: Mapping[int, float] = field(default_factory=dict)
    """Memory by cores, for sizes with less memory per core than the others."""
    cache_disk: bool | None = None
    hardware: Hardware = ANY_X64
    retirement: Retirement | None = None

    def sizes(self) -> Iterator[tuple[str, VmSize]]:
        for cores in self.cores:
            yield (
                self.pattern.format(cores),
                VmSize(
                    cores=cores,
                    memory_gib=self.odd.get(cores, cores * self.gib_per_core),
                    cache_disk=self.cache_disk,
                    hardware=self.hardware,
                    retirement=self.retirement,
                ),
            )


TO_8 = (1, 2, 4, 8)
TO_48 = (2, 4, 8, 16, 32, 48)
TO_64 = (*TO_48, 64)
TO_96 = (*TO_64, 96)
TO_192 = (*TO_96, 128, 192)
E_TO_64 = (2, 4, 8, 16, 20, 32, 48, 64)
E_TO_96 = (*E_TO_64, 96)

FAMILIES = (
    Family(
        pattern="standard_a{}_v2",
        cores=TO_8,
        gib_per_core=2,
        cache_disk=False,
        hardware=GEN1_ONLY,
        retirement=NOVEMBER_2028,
    ),
    Family(
        pattern="standard_a{}m_v2",
        cores=TO_8[1:],
        gib_per_core=8,
        cache_disk=False,
        hardware=GEN1_ONLY,
        retirement=NOVEMBER_2028,
    ),
    Family(pattern="standard_d{}_v3", cores=TO_64, gib_per_core=4, cache_disk=False, hardware=GEN1_ONLY),
    Family(pattern="standard_d{}s_v3", cores=TO_64, gib_per_core=4, cache_disk=True),
    Family(pattern="standard_d{}_v4", cores=TO_64, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}s_v4", cores=TO_64, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}d_v4", cores=TO_64, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}ds_v4", cores=TO_64, gib_per_core=4, cache_disk=True),
    Family(pattern="standard_d{}a_v4", cores=TO_96, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}as_v4", cores=TO_96, gib_per_core=4, cache_disk=True),
    Family(pattern="standard_d{}_v5", cores=TO_96, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}s_v5", cores=TO_96, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}d_v5", cores=TO_96, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}ds_v5", cores=TO_96, gib_per_core=4, cache_disk=True),
    Family(pattern="standard_d{}as_v5", cores=TO_96, gib_per_core=4, cache_disk=False),
    Family(pattern="standard_d{}ads_v5", cores=TO_96, gib_per_core=4, cache_disk=True),
    Family(pattern="standard_d{}ls_v5", cores=TO_96, gib_per_core=2, cache_disk=False),
    Family(pattern="standard_d{}lds_v5", cores=TO_96, gib_per_core=2, cache_disk=True),
    Family(pattern="standard_d{}s_v6", cores=TO_192, gib_per_core=4, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_d{}ds_v6", cores=TO_192, gib_per_core=4, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_d{}as_v6", cores=TO_96, gib_per_core=4, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_d{}ads_v6", cores=TO_96, gib_per_core=4, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_d{}als_v6", cores=TO_96, gib_per_core=2, cache_disk=False, hardware=GEN2_NVME),
    Family(
        pattern="standard_e{}_v3", cores=E_TO_64, gib_per_core=8, odd={64: 432}, cache_disk=False, hardware=GEN1_ONLY
    ),
    Family(pattern="standard_e{}s_v3", cores=E_TO_64, gib_per_core=8, odd={64: 432}, cache_disk=True),
    Family(pattern="standard_e{}s_v4", cores=E_TO_64, gib_per_core=8, odd={64: 504}, cache_disk=False),
    Family(pattern="standard_e{}ds_v4", cores=E_TO_64, gib_per_core=8, odd={64: 504}, cache_disk=True),
    Family(pattern="standard_e{}as_v4", cores=E_TO_96, gib_per_core=8, odd={96: 672}, cache_disk=True),
    Family(
        pattern="standard_e{}s_v5", cores=(*E_TO_96, 104), gib_per_core=8, odd={96: 672, 104: 672}, cache_disk=False
    ),
    Family(
        pattern="standard_e{}ds_v5", cores=(*E_TO_96, 104), gib_per_core=8, odd={96: 672, 104: 672}, cache_disk=True
    ),
    Family(pattern="standard_e{}as_v5", cores=E_TO_96, gib_per_core=8, odd={96: 672}, cache_disk=False),
    Family(pattern="standard_e{}ads_v5", cores=E_TO_96, gib_per_core=8, odd={96: 672}, cache_disk=True),
    Family(
        pattern="standard_e{}as_v6", cores=E_TO_96, gib_per_core=8, odd={96: 672}, cache_disk=False, hardware=GEN2_NVME
    ),
    Family(
        pattern="standard_e{}ads_v6", cores=E_TO_96, gib_per_core=8, odd={96: 672}, cache_disk=False, hardware=GEN2_NVME
    ),
    Family(pattern="standard_f{}s_v2", cores=(*TO_64, 72), gib_per_core=2, cache_disk=True, retirement=NOVEMBER_2028),
    Family(pattern="standard_f{}as_v6", cores=TO_64, gib_per_core=4, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_f{}als_v6", cores=TO_64, gib_per_core=2, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_f{}ams_v6", cores=TO_64, gib_per_core=8, cache_disk=False, hardware=GEN2_NVME),
    Family(pattern="standard_fx{}mds", cores=(4, 12, 24, 36, 48), gib_per_core=21, cache_disk=True),
    Family(pattern="standard_f{}", cores=(1, 2, 4, 8, 16), gib_per_core=2, retirement=NOVEMBER_2028),
    Family(pattern="standard_f{}s", cores=(1, 2, 4, 8, 16), gib_per_core=2, retirement=NOVEMBER_2028),
    Family(pattern="standard_l{}s", cores=(4, 8, 16, 32), gib_per_core=8, retirement=MAY_2028),
    Family(pattern="standard_l{}s_v2", cores=(8, 16, 32, 48, 64, 80), gib_per_core=8, retirement=NOVEMBER_2028),
    Family(pattern="standard_l{}s_v3", cores=(8, 16, 32, 48, 64, 80), gib_per_core=8),
    Family(pattern="standard_l{}as_v3", cores=(8, 16, 32, 48, 64, 80), gib_per_core=8),
    Family(pattern="standard_d{}ps_v5", cores=TO_64, gib_per_core=4, hardware=ARM64),
    Family(pattern="standard_d{}pds_v5", cores=TO_64, gib_per_core=4, hardware=ARM64),
    Family(pattern="standard_d{}pls_v5", cores=TO_64, gib_per_core=2, hardware=ARM64),
    Family(pattern="standard_d{}plds_v5", cores=TO_64, gib_per_core=2, hardware=ARM64),
    Family(pattern="standard_e{}ps_v5", cores=(2, 4, 8, 16, 20, 32), gib_per_core=8, hardware=ARM64),
    Family(pattern="standard_e{}pds_v5", cores=(2, 4, 8, 16, 20, 32), gib_per_core=8, hardware=ARM64),
    Family(pattern="standard_d{}ps_v6", cores=TO_96, gib_per_core=4, hardware=ARM64_NVME),
    Family(pattern="standard_d{}pds_v6", cores=TO_96, gib_per_core=4, hardware=ARM64_NVME),
    Family(pattern="standard_d{}pls_v6", cores=TO_96, gib_per_core=2, hardware=ARM64_NVME),
    Family(pattern="standard_d{}plds_v6", cores=TO_96, gib_per_core=2, hardware=ARM64_NVME),
    Family(pattern="standard_e{}ps_v6", cores=TO_96, gib_per_core=8, odd={96: 672}, hardware=ARM64_NVME),
    Family(pattern="standard_e{}pds_v6", cores=TO_96, gib_per_core=8, odd={96: 672}, hardware=ARM64_NVME),
)
DV2_SIZES = {1: (1, 3.5), 2: (2, 7), 3: (4, 14), 4: (8, 28), 5: (16, 56), 11: (2, 14), 12: (4, 28), 13: (8, 56)} | {
    14: (16, 112),
    15: (20, 140),
}
"""Cores and memory by the number in the name, which is not the number of cores."""
DV2 = {
    f"standard_{series}{number}_v2": VmSize(cores=cores, memory_gib=memory, hardware=hardware, retirement=MAY_2028)
    for series, hardware in (("d", GEN1_ONLY), ("ds", ANY_X64))
    for number, (cores, memory) in DV2_SIZES.items()
}
OTHERS = {
    "standard_hc44rs": VmSize(cores=44, memory_gib=352, retirement=MAY_2027),
    "standard_hb120rs_v2": VmSize(cores=120, memory_gib=456, retirement=MAY_2027),
    "standard_hb120-16rs_v3": VmSize(cores=16, memory_gib=448),
    "standard_hb120-32rs_v3": VmSize(cores=32, memory_gib=448),
    "standard_hb120-64rs_v3": VmSize(cores=64, memory_gib=448),
    "standard_hb120-96rs_v3": VmSize(cores=96, memory_gib=448),
    "standard_hb120rs_v3": VmSize(cores=120, memory_gib=448),
    "standard_hb176rs_v4": VmSize(cores=176, memory_gib=768),
    "standard_hx176rs": VmSize(cores=176, memory_gib=1408),
    "standard_nc4as_t4_v3": VmSize(cores=4, memory_gib=28),
    "standard_nc8as_t4_v3": VmSize(cores=8, memory_gib=56),
    "standard_nc16as_t4_v3": VmSize(cores=16, memory_gib=110),
    "standard_nc64as_t4_v3": VmSize(cores=64, memory_gib=440),
    "standard_nc24ads_a100_v4": VmSize(cores=24, memory_gib=220),
    "standard_nc48ads_a100_v4": VmSize(cores=48, memory_gib=440),
    "standard_nc96ads_a100_v4": VmSize(cores=96, memory_gib=880),
    "standard_nc40ads_h100_v5": VmSize(cores=40, memory_gib=320),
    "standard_nc80adis_h100_v5": VmSize(cores=80, memory_gib=640),
    "standard_nv6ads_a10_v5": VmSize(cores=6, memory_gib=55),
    "standard_nv12ads_a10_v5": VmSize(cores=12, memory_gib=110),
    "standard_nv18ads_a10_v5": VmSize(cores=18, memory_gib=220),
    "standard_nv36ads_a10_v5": VmSize(cores=36, memory_gib=440),
    "standard_nd96asr_v4": VmSize(cores=96, memory_gib=900),
}
VM_SIZES = {name: size for family in FAMILIES for name, size in family.sizes()} | DV2 | OTHERS


def retirement_fault(size: VmSize, today: date) -> str | None:
    """Return the reason why no pool may have a retired size, as it follows the name and a semicolon."""
    if size.retirement is None or today <= size.retirement.on:
        return None
    return (
        f"Azure retired this size on {size.retirement.on} ({size.retirement.source}); take one such as standard_d4s_v5"
    )


def retirement_doubt(name: str, size: VmSize, today: date) -> str | None:
    """Return a warning about a size that Azure retires soon."""
    if size.retirement is None or not timedelta() <= size.retirement.on - today <= WARNED_BEFORE:
        return None
    return f"Azure retires VM size {name} on {size.retirement.on} ({size.retirement.source}); take another before then"
