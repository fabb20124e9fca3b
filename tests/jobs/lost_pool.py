"""A service that can no longer be asked about pools once a submission has checked its pool."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from shoal.connect import Services, batch_client
from shoal.service_status import Status


class _LostPool(SansIOHTTPPolicy[Any, Any]):
    def __init__(self) -> None:
        self._asked = 0

    def on_request(self, request: PipelineRequest[Any]) -> None:
        self._asked += "/pools/" in request.http_request.url
        if self._asked > 1:
            raise ServiceRequestError("the pool cannot be read")


@contextmanager
def with_lost_pool(services: Services, status: Status) -> Iterator[Services]:
    credential = AzureNamedKeyCredential(status.account, status.key)
    with batch_client(status.batch_endpoint, credential, [_LostPool()]) as client:
        yield replace(services, batch=client)
