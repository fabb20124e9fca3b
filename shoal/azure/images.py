"""Images by short names, each with its node agent and the day on which its support ends.

Source of the pairs: Azure's documentation and published lists of supported images, 2022 to 2026; `az batch pool
supported-images list` shows what an account really offers. The source of each end stands with it; where Batch has named
no day of its own, it is the end of the operating system's own support. Generations are those of the SKUs: the service's
records in Azure/Batch#178 and #137, and the names of Canonical, AlmaLinux and Microsoft, which mark Gen2 (`-gen2`,
`-g2`) where another SKU of the same system is Gen1.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from shoal.azure.hardware import Architecture, Generation, Hardware, start_fault

AS_OF = date(2026, 11, 22)
"""The day on which the table was last checked."""
WARNED_BEFORE = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    publisher: str
    offer: str
    sku: str
    node_agent: str
    generation: Generation | None
    """Generation of the VMs that it starts on; None if it is not known."""
    architecture: Architecture = "x64"
    end_of_life: date
    """Last day of support by Batch or by the system's maker."""
    source: str
    """Source of the end of life."""
    instead: str = ""
    """Image to use after its end of life, if there is one."""


IMAGES = {
    "ubuntu-24.04": Image(
        publisher="canonical",
        offer="ubuntu-24_04-lts",
        sku="server",
        node_agent="batch.node.ubuntu 24.04",
        generation=2,
        end_of_life=date(2029, 4, 30),
        source="Ubuntu release cycle",
    ),
    "ubuntu-22.04": Image(
        publisher="canonical",
        offer="0001-com-ubuntu-server-jammy",
        sku="22_04-lts",
        node_agent="batch.node.ubuntu 22.04",
        generation=1,
        end_of_life=date(2027, 6, 30),
        source="Azure/Batch#200",
        instead="ubuntu-24.04",
    ),
    "ubuntu-hpc-24.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2404",
        node_agent="batch.node.ubuntu 24.04",
        generation=None,
        end_of_life=date(2029, 4, 30),
        source="Ubuntu release cycle",
    ),
    "ubuntu-hpc-22.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2204",
        node_agent="batch.node.ubuntu 22.04",
        generation=2,
        end_of_life=date(2027, 6, 30),
        source="Azure/Batch#200",
        instead="ubuntu-hpc-24.04",
    ),
    "almalinux-9": Image(
        publisher="almalinux",
        offer="almalinux-x86_64",
        sku="9-gen2",
        node_agent="batch.node.el 9",
        generation=2,
        end_of_life=date(2032, 5, 31),
        source="AlmaLinux release notes",
    ),
    "almalinux-8": Image(
        publisher="almalinux",
        offer="almalinux-x86_64",
        sku="8-gen2",
        node_agent="batch.node.el 8",
        generation=2,
        end_of_life=date(2029, 3, 1),
        source="AlmaLinux release notes",
        instead="almalinux-9",
    ),
    "windows-2022": Image(
        publisher="microsoftwindowsserver",
        offer="windowsserver",
        sku="2022-datacenter",
        node_agent="batch.node.windows amd64",
        generation=1,
        end_of_life=date(2031, 10, 14),
        source="Microsoft Lifecycle",
    ),
    "windows-2019": Image(
        publisher="microsoftwindowsserver",
        offer="windowsserver",
        sku="2019-datacenter",
        node_agent="batch.node.windows amd64",
        generation=1,
        end_of_life=date(2029, 1, 9),
        source="Microsoft Lifecycle",
        instead="windows-2022",
    ),
    "windows-2016": Image(
        publisher="microsoftwindowsserver",
        offer="windowsserver",
        sku="2016-datacenter",
        node_agent="batch.node.windows amd64",
        generation=1,
        end_of_life=date(2027, 1, 12),
        source="Microsoft Lifecycle",
        instead="windows-2022",
    ),
    "ubuntu-20.04": Image(
        publisher="canonical",
        offer="0001-com-ubuntu-server-focal",
        sku="20_04-lts",
        node_agent="batch.node.ubuntu 20.04",
        generation=1,
        end_of_life=date(2025, 4, 23),
        source="Azure/Batch#174",
        instead="ubuntu-24.04",
    ),
    "ubuntu-20.04-container": Image(
        publisher="microsoft-azure-batch",
        offer="ubuntu-server-container",
        sku="20-04-lts",
        node_agent="batch.node.ubuntu 20.04",
        generation=1,
        end_of_life=date(2025, 4, 23),
        source="Azure/Batch#174",
        instead="ubuntu-hpc-24.04",
    ),
    "ubuntu-18.04": Image(
        publisher="canonical",
        offer="ubuntuserver",
        sku="18.04-lts",
        node_agent="batch.node.ubuntu 18.04",
        generation=1,
        end_of_life=date(2023, 5, 30),
        source="Ubuntu release cycle",
        instead="ubuntu-24.04",
    ),
    "centos-7": Image(
        publisher="openlogic",
        offer="centos",
        sku="7_9",
        node_agent="batch.node.centos 7",
        generation=1,
        end_of_life=date(2024, 6, 30),
        source="CentOS project; node agent change log 1.12.2",
        instead="almalinux-9",
    ),
    "debian-10": Image(
        publisher="debian",
        offer="debian-10",
        sku="10",
        node_agent="batch.node.debian 10",
        generation=1,
        end_of_life=date(2024, 6, 30),
        source="Debian LTS",
        instead="ubuntu-24.04",
    ),
}


def image_fault(name: str, today: date) -> str | None:
    """Return the reason why no pool may have this image, as it follows the name and a semicolon."""
    if name not in IMAGES:
        return f"it must be one of {', '.join(living(today))}"
    image = IMAGES[name]
    return (
        f"its support ended on {image.end_of_life}, take {_instead(image, today)} instead"
        if today > image.end_of_life
        else None
    )


def image_doubt(name: str, today: date) -> str | None:
    """Return a warning about an image whose support ends soon."""
    image = IMAGES[name]
    days = (image.end_of_life - today).days
    if not 0 <= days <= WARNED_BEFORE.days:
        return None
    successor = _instead(image, today)
    return f"image {name} is supported until {image.end_of_life}, {days} days from now; take {successor} before then"


def starting_on(hardware: Hardware, today: date) -> list[str]:
    """Return the supported images that start on the hardware."""
    return [
        name for name in living(today) if not start_fault(hardware, IMAGES[name].architecture, IMAGES[name].generation)
    ]


def living(today: date) -> list[str]:
    return [name for name, image in IMAGES.items() if today <= image.end_of_life]


def _instead(image: Image, today: date) -> str:
    return image.instead or f"one of {', '.join(living(today))}"
