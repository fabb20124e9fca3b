"""Operations that ARM accepts with 202 and carries out later: `Location` leads to their result.

Source: ARM, "Track asynchronous Azure operations", and answers recorded in the tests of azure-cli and the Python SDK,
2015-12-01 to 2024-02-01: PUT of a new account and DELETE of accounts and pools have 202 with Location and without a
body; Location answers 202 until the result is there. Most have no Retry-After.
"""

import asyncio
import logging
import math
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from shoal.local import chaos, errors
from shoal.local.api.calls import Answer
from shoal.local.arm import (
    arm_failures,
    batch_account_links,
    batch_accounts,
    pool_resources,
    records,
    storage_accounts,
)
from shoal.local.arm.arm_call import ArmCall, Handler, resource
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
ACCOUNTS, POOLS = batch_accounts.TYPE.lower(), pool_resources.TYPE.lower()
"""Operations on accounts and pools are accepted with 202 even where they take no time."""
CONNECTIONS = batch_account_links.CONNECTIONS.lower()
CHANGES = {"PUT": "Updating", "PATCH": "Updating", "DELETE": "Deleting"}
"""Words in the paths of results of changed connections, by method."""
RESULTS = (
    "operationresults",
    "accountoperationresults",
    "pooloperationresults",
    "privateendpointconnectionresults",
)
"""The last segments but one of a result's path, in lower case."""
LENGTH = len(str(uuid.UUID(int=0)))
MOST_KEPT = 1000
"""Results of ended operations. Clients ask for theirs at once."""


class LongOperations:
    """Operations are kept until the service ends; one that is still going on then is not carried out."""

    def __init__(self, service: "Service") -> None:
        self.service = service
        self.results: dict[str, asyncio.Future[Answer]] = {}
        """Results by their UUIDs, which end the path in Location."""
        self.current: dict[tuple[str, str], str] = {}
        """The operation on a resource, by method and path."""

    async def answer(self, call: ArmCall, handler: Handler) -> Answer | None:
        """Accept an operation that takes long; None for one that is to be answered at once. Raises BatchError."""
        if call.target.type.lower() == CONNECTIONS and call.target.is_item and call.method in CHANGES:
            return self._changed(call, await handler(call))
        if not _is_long(call):
            return None
        place = _place(call)
        if seconds := chaos.load(self.service.connection).arm_operation_seconds:
            return self._begun(call, handler, place, seconds)
        if call.target.type.lower() not in (ACCOUNTS, POOLS):
            return None
        return self._done(call, place, await handler(call))

    def _done(self, call: ArmCall, place: str, result: Answer) -> Answer:
        """Accept an operation whose result is there already, so that clients need not wait."""
        return _accepted(self._kept(call, place, result))

    def _changed(self, call: ArmCall, answer: Answer) -> Answer:
        """Add to the answer where the status of a changed connection is to be had. The change is done already.

        Source: answers recorded in the tests of azure-mgmt-batch, 2020-05-01 to 2023-05-01, for updates.
        """
        if answer.status != 202:
            return answer
        account, _, name = call.target.path.partition("/privateEndpointConnections/")
        place = f"{account}/privateEndpointConnectionResults/{CHANGES[call.method]}${name}$"
        status = self._kept(call, place, resource({"status": "Succeeded", "retryAfter": 0}))
        return replace(answer, headers={**answer.headers, "Location": status, "Azure-AsyncOperation": status})

    def _kept(self, call: ArmCall, place: str, result: Answer) -> str:
        """Keep a result that is there already. Return its address."""
        name = str(uuid.uuid4())
        self.results[name] = asyncio.get_running_loop().create_future()
        self.results[name].set_result(result)
        self._forget_oldest()
        return f"{self.service.url}{place}{name}?api-version={call.version}"

    def _forget_oldest(self) -> None:
        ended = [name for name, operation in self.results.items() if operation.done()]
        for name in ended[:-MOST_KEPT]:
            del self.results[name]

    def _begun(self, call: ArmCall, handler: Handler, place: str, seconds: float) -> Answer:
        key = (call.method, call.target.path.lower())
        # Asked for again while it goes on, by a client that repeats its request, it is the same operation.
        name = self.current.get(key, "")
        if (current := self.results.get(name)) is None or current.done():
            name = self.current[key] = str(uuid.uuid4())
            self.results[name] = asyncio.get_running_loop().create_task(_carry_out(call, handler, seconds))
        return _accepted(f"{self.service.url}{place}{name}?api-version={call.version}", seconds)

    def result(self, path: str, url: str) -> Answer | None:
        """Answer a request to a Location; None for any other path. Raises BatchError where the operation failed."""
        *_, collection, name = path.split("/")
        if collection.lower() not in RESULTS:
            return None
        if (operation := self.results.get(name[-LENGTH:])) is None:
            raise arm_failures.not_found(path)
        if operation.done():
            return operation.result()
        return _accepted(url, chaos.load(self.service.connection).arm_operation_seconds or 1.0)

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
    """Return the path of the result without its own name, in the forms that were recorded."""
    subscription = "/".join(call.target.path.split("/")[:3])
    match call.method, call.target.type.lower():
        case "PUT", _:
            return f"{call.target.path}/operationResults/"
        case _, kind if kind == ACCOUNTS:
            location = records.require(call.service.connection, call.target)["location"]
            name = call.target.name
            return f"{subscription}/providers/Microsoft.Batch/locations/{location}/accountOperationResults/{name}-"
        case _, kind if kind == POOLS:
            account = call.target.path.rpartition("/pools/")[0]
            return f"{account}/poolOperationResults/delete-{call.target.name}-"
        case _:
            return f"{subscription}/operationResults/"


def _accepted(location: str, seconds: float = 0.0) -> Answer:
    patience = {"Retry-After": str(max(1, math.ceil(seconds)))} if seconds else {}
    return Answer(status=202, headers={"Location": location, **patience})
