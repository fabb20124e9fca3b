"""Find a node of a stack by its id, or by the shortened id that tables show."""

from collections.abc import Iterable
from dataclasses import dataclass

from shoal.connect import Services, plain_word
from shoal.errors import BadInput
from shoal.runs.listing import requested_pools

SHOWN = 5
ELLIPSES = ("…", "...")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNode:
    pool: str
    """The name of its pool in the stack."""
    pool_id: str
    id: str
    state: str


def find_node(services: Services, text: str, pool: str | None = None) -> FoundNode:
    """Return the only node of the pool, or of all pools, that the text names. Raises BadInput."""
    nodes = list(_nodes(services, pool))
    matches = matching(text, [node.id for node in nodes])
    if len(matches) == 1:
        return next(node for node in nodes if node.id == matches[0])
    where = f"pool '{pool}'" if pool else f"the stack '{services.environment.stack}'"
    if not matches:
        raise BadInput(f"{where} has no node '{text}'; `shoal nodes{f' {pool}' if pool else ''}` lists them")
    raise BadInput(f"'{text}' fits {len(matches)} nodes of {where}: {_some(matches)}")


def matching(text: str, ids: Iterable[str]) -> list[str]:
    """Return the id that equals the text, else those that it shortens: by `…`, or by their beginning or end."""
    word, known = text.lower(), list(ids)
    if exact := [one for one in known if one.lower() == word]:
        return exact
    for ellipsis in ELLIPSES:
        beginning, found, end = word.partition(ellipsis)
        if found:
            return [one for one in known if one.lower().startswith(beginning) and one.lower().endswith(end)]
    return [one for one in known if word and (one.lower().startswith(word) or one.lower().endswith(word))]


def _nodes(services: Services, pool: str | None) -> Iterable[FoundNode]:
    for name in requested_pools(services.environment, pool):
        pool_id = services.environment.pools[name].id
        for node in services.batch.list_nodes(pool_id, select=["id", "state"]):
            yield FoundNode(pool=name, pool_id=pool_id, id=str(node.id), state=plain_word(node.state) or "")


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more
