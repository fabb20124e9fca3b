"""The `pool` of ACT's configuration as an entry of a stack's `shoal:pools`."""

from typing import Any

from shoal.azure.images import IMAGES
from shoal.importers.imported import LeftOut, without_empty
from shoal.importers.source import Source


def pool_entry(pool: Source, left_out: list[LeftOut]) -> dict[str, Any]:
    """Return the entry; the image is missing where Shoal has no name for it, which is listed."""
    vm_size = pool.text("vmSize")
    return without_empty(
        {
            "name": pool.text("id"),
            "vmSize": vm_size.lower() if vm_size else None,
            **_image(pool.section("vmConfiguration").section("imageReference"), left_out),
            "taskSlotsPerNode": pool.integer("taskSlotsPerNode"),
            "ephemeralOsDisk": pool.flag("useEphemeralOSDisk") or None,
            **_scale(pool),
            "startTask": _start_task(pool.section("startupTask")),
        }
    )


def _image(reference: Source, left_out: list[LeftOut]) -> dict[str, str]:
    publisher, offer, sku, version = (reference.text(key) for key in ("publisher", "offer", "sku", "version"))
    for name, image in IMAGES.items():
        if (image.publisher, image.offer, image.sku) == (publisher, offer, sku):
            pinned = {"imageVersion": version} if version and version != "latest" else {}
            return {"image": name, **pinned}
    if sku is not None:
        at = f" {version}" if version and version != "latest" else ""
        reason = f"Shoal has no name for {publisher}/{offer}/{sku}{at}; choose an image of docs/pools.md"
        left_out.append(LeftOut(key=reference.path, reason=reason))
    return {}


def _scale(pool: Source) -> dict[str, Any]:
    dedicated, spot = pool.integer("dedicatedNodeCount"), pool.integer("lowPriorityNodeCount")
    scale = pool.section("nodeAutoScale")
    minutes = scale.integer("evaluationIntervalInMinutes") or scale.integer("evaluationInterval")
    formula = ";\n".join(line.strip().rstrip(";") for line in scale.texts("formula"))
    if scale.flag("include") and formula:
        return {
            "autoScaleFormula": formula + ";\n",
            "autoScaleEvaluationInterval": f"PT{minutes}M" if minutes else None,
        }
    # Zero nodes of a kind is a number too, so it stays.
    return {"spotNodes": spot or 0, "dedicatedNodes": dedicated or 0} if dedicated or spot else {}


def _start_task(task: Source) -> dict[str, Any]:
    command = task.text("command")
    # ACT runs it in bash, as administrator of the pool.
    return (
        {"commandLine": f"/bin/bash -c {_quoted(command)}", "elevated": True}
        if task.flag("include") and command
        else {}
    )


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"
