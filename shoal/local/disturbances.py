"""Disturbs requests on their way: some are refused as too many, some answered late, some answers are cut.

Requests to Batch and ARM only. The service's own interface below `/-/` is left alone, so that the conditions can always
be set back.
"""

import asyncio
import sqlite3

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shoal.local import chaos
from shoal.local.draws import Draws
from shoal.local.errors import BatchError


class Disturbances:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.draws = Draws()

    async def delay_or_refuse(self, refusal: BatchError) -> None:
        """Let a request pass, at once or late. Raises the refusal, before anything is done, if it is one too many."""
        conditions = chaos.load(self.connection)
        random = self.draws.of(conditions.seed)
        if random.random() < conditions.throttled_share:
            raise refusal
        if random.random() < conditions.slow_share:
            await asyncio.sleep(conditions.slow_seconds)

    def cut(self, response: Response) -> Response:
        """Return the answer, or one that ends in the middle. The request has taken effect."""
        conditions = chaos.load(self.connection)
        if response.body and self.draws.of(conditions.seed).random() < conditions.cut_share:
            return CutAnswer(response)
        return response


class CutAnswer(Response):
    """The first half of an answer. The server closes the connection, since the promised length does not come."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
