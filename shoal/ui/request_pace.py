"""Counts requests to Batch, so that reading is slowed to a constant rate of them."""

from dataclasses import dataclass, field
from typing import Any

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

RATE = 5.0
"""Requests a second, on average, for all pages together."""
CONNECT_SECONDS, READ_SECONDS = 5, 30


class RequestCount(SansIOHTTPPolicy[Any, Any]):
    """A policy of Azure's clients. Each request is sent once: whoever reads again and again needs no retries."""

    def __init__(self) -> None:
        self.number = 0

    def on_request(self, request: PipelineRequest[Any]) -> None:
        self.number += 1
        request.context.options |= {
            "retry_total": 0,
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
        }


@dataclass(slots=True, kw_only=True)
class Pace:
    """The moment from which requests may be sent again. Time is in seconds."""

    count: RequestCount = field(default_factory=RequestCount)
    free_at: float = 0.0
    _paid: int = 0

    def pay(self, now: float) -> None:
        """Put the moment off by the time that the requests since the last call are worth."""
        requests, self._paid = self.count.number - self._paid, self.count.number
        self.free_at = max(now, self.free_at) + requests / RATE
