"""The installed packages, as pinned requirements of a project that needs the same."""

import json
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shoal.errors import BadInput


def pinned_requirements(name: str, extras: frozenset[str]) -> list[str]:
    """Return the distribution's own source, then everything it needs here, each with its version.

    Raises BadInput where something that it needs is not installed.
    """
    own = canonicalize_name(name)
    versions: dict[str, str] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(own, extras)]
    seen = set()
    while waiting:
        needed = waiting.pop()
        if needed in seen:
            continue
        seen.add(needed)
        installed = distribution(needed[0])
        versions[needed[0]] = installed.version
        waiting += _requirements(installed, needed[1])
    del versions[own]
    return [_source(distribution(own), extras), *(f"{needed}=={versions[needed]}" for needed in sorted(versions))]


def _requirements(parent: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the distributions that the parent needs on this machine, with their extras."""
    for requirement in map(Requirement, parent.requires or ()):
        extra = _extra_of(requirement, extras)
        if extra is None:
            continue
        name = canonicalize_name(requirement.name)
        if not _is_installed(name):
            whole = _with_extras(parent.metadata["Name"], extras if extra else ())
            raise BadInput(f"{name} is not installed, so its version is not known; run `pip install '{whole}'`")
        yield name, frozenset(requirement.extras)


def _extra_of(requirement: Requirement, extras: frozenset[str]) -> str | None:
    """Return the extra that brings the requirement, empty where none is needed; None where it does not apply here."""
    marker = requirement.marker
    return next((extra for extra in ("", *sorted(extras)) if marker is None or marker.evaluate({"extra": extra})), None)


def _with_extras(name: str, extras: Collection[str]) -> str:
    return f"{name}[{','.join(sorted(extras))}]" if extras else name


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _source(own: Distribution, extras: frozenset[str]) -> str:
    """Return the requirement that installs the same again.

    Source: PEP 610, direct_url.json, which is there unless it came from an index.
    """
    name = _with_extras(own.metadata["Name"], extras)
    text = own.read_text("direct_url.json")
    if text is None:
        return f"{name}=={own.version}"
    origin = json.loads(text)
    match origin:
        case {"vcs_info": {"vcs": vcs, "commit_id": commit}}:
            return f"{name} @ {vcs}+{origin['url']}@{commit}"
        case {"archive_info": {"hashes": {"sha256": digest}}}:
            return f"{name} @ {origin['url']}#sha256={digest}"
        case _:
            return f"{name} @ {origin['url']}"
