"""The ARM side as its clients see it: azure-mgmt-batch, and plain HTTP where no client is at hand."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from azure.mgmt.batch import BatchManagementClient

from components.azure_provider import ProviderToken, ProviderTokenPolicy
from shoal.service_status import Status

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SUBNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
"""A subnet that exists once `make_subnet` has been called."""


def management_client(status: Status) -> BatchManagementClient:
    """The official client, with a policy that sends the token over plain HTTP too."""
    policy = ProviderTokenPolicy(status.arm_token, status.arm_endpoint)
    return BatchManagementClient(
        ProviderToken(status.arm_token), SUBSCRIPTION, status.arm_endpoint, authentication_policy=policy
    )


class ArmHttp:
    def __init__(self, status: Status, group: str) -> None:
        self.status = status
        self.group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, version: str = "2024-01-01"
    ) -> tuple[int, Any]:
        """Status and JSON; `path` is below the subscription's group unless it starts with a slash."""
        target = path if path.startswith("/") else f"{self.group}/{path}".rstrip("/")
        connection = HTTPConnection(urlsplit(self.status.arm_endpoint).netloc)
        try:
            connection.request(
                method,
                f"{target}?api-version={version}",
                None if body is None else json.dumps(body),
                {"Authorization": f"Bearer {self.status.arm_token if token is None else token}"},
            )
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        finally:
            connection.close()

    def make(self, path: str, body: Any) -> Any:
        """PUT, which must succeed; the resource, which an accepted operation has made by then."""
        status, answer = self.call("PUT", path, body)
        if status == 202:
            status, answer = self.call("GET", path)
        assert status in (200, 201), answer
        return answer


def make_subnet(status: Status) -> None:
    """Nobody's in particular: it stays, and is there for everybody."""
    arm = ArmHttp(status, "net")
    arm.make("", {"location": "westeurope"})
    subnet = {"name": "nodes", "properties": {"addressPrefix": "10.7.0.0/24"}}
    body = {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "subnets": [subnet]}
    arm.make("providers/Microsoft.Network/virtualNetworks/v", {"location": "westeurope", "properties": body})
