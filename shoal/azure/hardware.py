"""Hardware of VM sizes, and the images that start on it.

Source: "Support for generation 2 VMs on Azure" (Av2, Dv2, Dv3 and Ev3 are Gen1 only); the pages of the v6 series and
of the Arm series (Gen2 only; v6 has NVMe disks only), all on learn.microsoft.com. `az batch location list-skus` and
`az batch pool supported-images list` show what an account really gets.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

AS_OF = date(2026, 11, 22)
"""The day on which the facts were last checked."""

Architecture = Literal["x64", "arm64"]
Generation = Literal[1, 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    generations: tuple[Generation, ...] = (1, 2)
    """Generations of images that it starts; both where no limit is known."""
    architecture: Architecture = "x64"
    nvme_only: bool = False
    """True if its disks have an NVMe controller only, for which an image must be Gen2."""


ANY_X64 = Hardware()
GEN1_ONLY = Hardware(generations=(1,))
GEN2_NVME = Hardware(generations=(2,), nvme_only=True)
ARM64 = Hardware(generations=(2,), architecture="arm64")
ARM64_NVME = Hardware(generations=(2,), architecture="arm64", nvme_only=True)


def start_fault(hardware: Hardware, architecture: Architecture, generation: Generation | None) -> str | None:
    """Return the reason why an image does not start, in words that follow the size's name; None if it may start."""
    if architecture != hardware.architecture:
        return f"is an {hardware.architecture} size, and the image is for {architecture}"
    if generation is None or generation in hardware.generations:
        return None
    disks = ", with NVMe disks" if hardware.nvme_only else ""
    return f"starts Gen{hardware.generations[0]} images only{disks}, and the image is Gen{generation}"
