"""A policy of Azure's clients: an answer that was cut off counts as no answer, so that it is requested again.

By itself, the client raises errors for it that look like refusals or come from the JSON parser, or returns an empty
body.
"""

from typing import Any

import orjson
from azure.core.exceptions import IncompleteReadError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy


class WholeAnswers(HTTPPolicy[Any, Any]):
    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        try:
            response = self.next.send(request)
        except IncompleteReadError as exc:
            raise ServiceResponseError(f"the answer was cut off: {exc.message}", error=exc) from exc
        if not request.context.options.get("stream", False) and _is_cut(response.http_response):
            raise ServiceResponseError("the answer was cut off")
        return response


def _is_cut(response: Any) -> bool:
    """Return True for an answer whose header or JSON is not whole. Only answers with a body have a type."""
    if response.status_code != 200:
        return False
    kind = response.headers.get("Content-Type")
    if kind is None:
        return "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers
    return kind.startswith("application/json") and not _is_json(response.body())


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
