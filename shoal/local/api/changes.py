"""Changes that a request makes to an entity, where its conditional headers allow them."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from shoal.local.api import conditions
from shoal.local.api.calls import Call
from shoal.local.scheduler.loop import Transaction


class Versioned(Protocol):
    @property
    def last_modified(self) -> int: ...


T = TypeVar("T", bound=Versioned)


async def change(call: Call, find: Callable[[Call], T], make: Callable[[Transaction, T], None]) -> int:
    """Find the entity of the call and change it. Return its version after that. Raises BatchError."""

    def apply(tx: Transaction) -> int:
        entity = find(call)
        conditions.check(call.method, call.headers, entity.last_modified)
        make(tx, entity)
        return tx.now

    return await call.service.loop.change(apply)
