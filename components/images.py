"""Images by a name that people can remember, with the node agent that fits each and the day its support ends.

Source: pairs that Azure's documentation and users' lists of supported images show, 2022 to 2026. What an account
really offers says `az batch pool supported-images list`.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    publisher: str
    offer: str
    sku: str
    node_agent: str
    end_of_life: date
    """The last day on which Batch or the system's maker supports it."""


IMAGES = {
    "ubuntu-24.04": Image(
        publisher="canonical",
        offer="ubuntu-24_04-lts",
        sku="server",
        node_agent="batch.node.ubuntu 24.04",
        end_of_life=date(2029, 4, 30),
    ),
    "ubuntu-22.04": Image(
        publisher="canonical",
        offer="0001-com-ubuntu-server-jammy",
        sku="22_04-lts",
        node_agent="batch.node.ubuntu 22.04",
        end_of_life=date(2027, 6, 30),
    ),
    "ubuntu-hpc-24.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2404",
        node_agent="batch.node.ubuntu 24.04",
        end_of_life=date(2029, 4, 30),
    ),
    "ubuntu-hpc-22.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2204",
        node_agent="batch.node.ubuntu 22.04",
        end_of_life=date(2027, 6, 30),
    ),
    "almalinux-9": Image(
        publisher="almalinux",
        offer="almalinux-x86_64",
        sku="9-gen2",
        node_agent="batch.node.el 9",
        end_of_life=date(2032, 5, 31),
    ),
    "windows-2022": Image(
        publisher="microsoftwindowsserver",
        offer="windowsserver",
        sku="2022-datacenter",
        node_agent="batch.node.windows amd64",
        end_of_life=date(2031, 10, 14),
    ),
}
