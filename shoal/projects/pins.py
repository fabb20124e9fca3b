"""What is installed here, as requirements of a project that wants the same."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from shoal.errors import BadInput

Asked = tuple[str, frozenset[str]]
"""A distribution and its extras."""
NAME = re.compile(r"[A-Za-z0-9._-]+")
EXTRAS = re.compile(r"^[A-Za-z0-9._-]+\s*\[([^\]]*)\]")
FOR_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def pinned_requirements(name: str, extras: frozenset[str]) -> list[str]:
    """The distribution from where it was installed, then all that it needs, each with its version. Raises BadInput."""
    needed: dict[str, str] = {}
    waiting, seen = [(_normal(name), extras)], set()
    while waiting:
        asked = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        found = distribution(asked[0])
        needed[asked[0]] = found.version
        waiting += _requirements(found, asked[1])
    del needed[_normal(name)]
    return [_from_where(distribution(name), extras), *(f"{one}=={needed[one]}" for one in sorted(needed))]


def _requirements(found: Distribution, extras: frozenset[str]) -> Iterator[Asked]:
    """Those that are installed; another may be for other machines only."""
    for requirement in found.requires or ():
        wanted_by = FOR_EXTRA.search(requirement)
        if wanted_by is not None and wanted_by[1] not in extras:
            continue
        name = _normal(_name(requirement))
        if _is_installed(name):
            yield name, _extras(requirement)
        elif _is_for_every_machine(requirement):
            asked = f"{found.metadata['Name']}[{wanted_by[1]}]" if wanted_by else found.metadata["Name"]
            raise BadInput(f"{name} is not installed, so its version is not known; run `pip install '{asked}'`")


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _is_for_every_machine(requirement: str) -> bool:
    return not FOR_EXTRA.sub("", requirement.partition(";")[2]).strip()


def _from_where(own: Distribution, extras: frozenset[str]) -> str:
    """Source: PEP 610, direct_url.json: there where it did not come from an index."""
    name = f"{own.metadata['Name']}[{','.join(sorted(extras))}]"
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


def _name(requirement: str) -> str:
    found = NAME.match(requirement)
    return found[0] if found else ""


def _extras(requirement: str) -> frozenset[str]:
    found = EXTRAS.match(requirement)
    return frozenset(extra.strip() for extra in found[1].split(",")) if found else frozenset()


def _normal(name: str) -> str:
    """Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
