"""A rule on application packages: none without a version."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, Rule


def _without_version(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    for i, package in enumerate(pool.get("applicationPackages") or []):
        if "version" not in tuple(package):  # `in` alone would ask for its value, which a preview may not know
            yield f"applicationPackages[{i}] names no version, so nodes take what is the default when they start"


PACKAGES_PINNED = Rule(
    name="packages-pinned",
    reason="Nodes of one pool with different versions give results that nobody can repeat.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_without_version,
)
