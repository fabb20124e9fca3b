"""A rule on application packages: each names its version."""

from collections.abc import Iterator

from rules.rule import POOL, POOL_UPDATE, Circumstances, Inputs, Level, ResourceRule


def _without_version(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    for i, package in enumerate(pool.get("applicationPackages") or []):
        if "version" not in tuple(package):  # `in` on the mapping reads the value, which a preview may not know
            yield f"applicationPackages[{i}] names no version, so nodes get whichever is the default when they start"


PACKAGES_PINNED = ResourceRule(
    name="packages-pinned",
    reason="Nodes of one pool with different versions give results that cannot be reproduced.",
    level=Level.MANDATORY,
    types=(POOL, POOL_UPDATE),
    violations=_without_version,
)
