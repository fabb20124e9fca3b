"""Operations that ARM accepts with 202 and carries out later: `Location` leads to their result.

Source: ARM, "Track asynchronous Azure operations", and answers recorded in the tests of azure-cli and the Python SDK:
PUT of a new account and DELETE of accounts and pools have 202 with Location and without a body; Location answers 202
until the result is there.
"""

import asyncio
import logging
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shoal.local import chaos, errors
from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, batch_accounts, pool_resources, records, storage_accounts
from shoal.local.arm.arm_call import ArmCall, Handler
from shoal.local.arm.ids import GROUPS
from shoal.local.store.pool import Pool

if TYPE_CHECKING:
    from shoal.local.service import Service

log = logging.getLogger(__name__)

LONG: Mapping[str, tuple[str, ...]] = {
    "PUT": (batch_accounts.TYPE, storage_accounts.TYPE),
    "DELETE": (batch_accounts.TYPE, pool_resources.TYPE, GROUPS),
}
"""Types by method. A PUT on what exists, and a DELETE of what does not, are answered at once."""
RESULTS = "operationresults"
"""The last segment but one of a result's path, in lower case."""


class LongOperations:
    """Operations are kept until the service ends; one that is still going on then is not carried out."""

    def __init__(self, service: "Service") -> None:
        self.service = service
        self.results: dict[str, asyncio.Task[Answer]] = {}
        """By the last segment of the path in Location."""
        self.current: dict[tuple[str, str], str] = {}
        """The operation on a resource, by method and path."""

    def answer(self, call: ArmCall, handler: Handler) -> Answer | None:
        """Accept an operation that takes long; None for one that is to be answered at once."""
        seconds = chaos.load(self.service.connection).arm_operation_seconds
        if not seconds or not _is_long(call):
            return None
        key = (call.method, call.target.path.lower())
        # Asked for again while it goes on, by a client that repeats its request, it is the same operation.
        if (name := self.current.get(key)) is None or self.results[name].done():
            name = self.current[key] = str(uuid.uuid4())
            self.results[name] = asyncio.get_running_loop().create_task(_carry_out(call, handler, seconds))
        return _accepted(f"{self.service.url}{_place(call)}/{name}?api-version={call.version}", seconds)

    def result(self, path: str, url: str) -> Answer | None:
        """Answer a request to a Location; None for any other path. Raises BatchError where the operation failed."""
        *_, collection, name = path.split("/")
        if collection.lower() != RESULTS:
            return None
        operation = self.results.get(name)
        if operation is None:
            raise arm_failures.not_found(path)
        if operation.done():
            return operation.result()
        return _accepted(url, chaos.load(self.service.connection).arm_operation_seconds)

    async def close(self) -> None:
        for operation in self.results.values():
            operation.cancel()
        await asyncio.gather(*self.results.values(), return_exceptions=True)


def _is_long(call: ArmCall) -> bool:
    if call.target.type.lower() not in map(str.lower, LONG.get(call.method, ())) or not call.target.is_item:
        return False
    connection = call.service.connection
    is_pool = call.target.type.lower() == pool_resources.TYPE.lower()
    known = Pool.find(connection, *call.target.names) if is_pool else records.find(connection, call.target.path)
    return (known is None) == (call.method == "PUT")


async def _carry_out(call: ArmCall, handler: Handler, seconds: float) -> Answer:
    """Make what is new at the end of the time, and begin to delete at its beginning, so that both states are seen."""
    try:
        if call.method == "PUT":
            await asyncio.sleep(seconds)
            return await handler(call)
        answer = await handler(call)
        await asyncio.sleep(seconds)
    except errors.BatchError:
        raise
    except Exception:
        # Whoever asks for the result gets a 500; the reason is for the log.
        log.exception("%s %s failed", call.method, call.target.path)
        raise errors.internal_error() from None
    return answer


def _place(call: ArmCall) -> str:
    """Return the path above the result: below the account that is made, or below the subscription."""
    above = call.target.path if call.method == "PUT" else "/".join(call.target.path.split("/")[:3])
    return f"{above}/operationResults"


def _accepted(location: str, seconds: float) -> Answer:
    return Answer(status=202, headers={"Location": location, "Retry-After": str(max(1, math.ceil(seconds)))})
