"""Images by a name that people can remember, with the node agent that fits each.

Source: pairs that Azure's documentation and users' lists of supported images show, 2022 to 2026. What an account
really offers says `az batch pool supported-images list`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    publisher: str
    offer: str
    sku: str
    node_agent: str


IMAGES = {
    "ubuntu-24.04": Image(
        publisher="canonical",
        offer="ubuntu-24_04-lts",
        sku="server",
        node_agent="batch.node.ubuntu 24.04",
    ),
    "ubuntu-22.04": Image(
        publisher="canonical",
        offer="0001-com-ubuntu-server-jammy",
        sku="22_04-lts",
        node_agent="batch.node.ubuntu 22.04",
    ),
    "ubuntu-hpc-24.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2404",
        node_agent="batch.node.ubuntu 24.04",
    ),
    "ubuntu-hpc-22.04": Image(
        publisher="microsoft-dsvm",
        offer="ubuntu-hpc",
        sku="2204",
        node_agent="batch.node.ubuntu 22.04",
    ),
    "almalinux-9": Image(
        publisher="almalinux",
        offer="almalinux-x86_64",
        sku="9-gen2",
        node_agent="batch.node.el 9",
    ),
    "windows-2022": Image(
        publisher="microsoftwindowsserver",
        offer="windowsserver",
        sku="2022-datacenter",
        node_agent="batch.node.windows amd64",
    ),
}
