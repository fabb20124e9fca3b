"""Temporary disks of VM sizes, on which Batch puts the working directories of tasks.

Source: Azure's pages of VM sizes (Learn, "Sizes for virtual machines in Azure", a page for each series), as of 2026;
Batch, "Files and directories": the root directory of tasks is on the temporary disk where the size has one. For sizes
without one, which use the operating system's disk, and for series that are not in the table, nothing is known here.
"""

from shoal.azure.vm_sizes import FAMILIES

GIB_PER_CORE = {
    "standard_a{}_v2": 10,
    "standard_a{}m_v2": 10,
    "standard_d{}_v3": 25,
    "standard_d{}s_v3": 8,
    "standard_d{}d_v4": 37.5,
    "standard_d{}ds_v4": 37.5,
    "standard_d{}a_v4": 25,
    "standard_d{}as_v4": 8,
    "standard_d{}d_v5": 37.5,
    "standard_d{}ds_v5": 37.5,
    "standard_d{}ads_v5": 37.5,
    "standard_d{}lds_v5": 37.5,
    "standard_d{}ds_v6": 55,
    "standard_d{}ads_v6": 55,
    "standard_e{}s_v3": 16,
    "standard_e{}ds_v4": 37.5,
    "standard_e{}as_v4": 16,
    "standard_e{}ds_v5": 37.5,
    "standard_e{}ads_v5": 37.5,
    "standard_f{}s_v2": 8,
    "standard_f{}": 16,
    "standard_f{}s": 4,
}
"""By the patterns of the families. Rounded down where sizes of one family differ."""

TEMPORARY_GIB = {
    name: size.cores * GIB_PER_CORE[family.pattern]
    for family in FAMILIES
    if family.pattern in GIB_PER_CORE
    for name, size in family.sizes()
}
