"""The keys of a stack's Batch and storage accounts, listed by the ARM side of the service that the stack is in.

The endpoint in the environment document decides which service that is. A token is sent only to the host that it is for:
the embedded service's to the service that gave it, Entra's to the endpoint that it was requested for.
"""

from dataclasses import dataclass
from typing import Any

from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shoal.arm import ArmClient, ArmError
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.service_status import default_state_dir, read_status

BATCH_ARM_VERSION = "2024-07-01"
STORAGE_ARM_VERSION = "2023-05-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKeys:
    batch: str
    storage: str


def account_keys(environment: Environment) -> AccountKeys:
    """List the keys of both accounts. Raises BadInput, and AzureError where Azure refuses.

    Source: ARM, batchAccounts/listKeys and storageAccounts/listKeys.
    """
    batch = f"{environment.resource_group}/providers/Microsoft.Batch/batchAccounts/{environment.batch_account}"
    storage = (
        f"{environment.storage_resource_group}/providers/Microsoft.Storage/storageAccounts/"
        f"{environment.storage_account}"
    )
    return AccountKeys(
        batch=_keys(environment, batch, BATCH_ARM_VERSION)["primary"],
        storage=_keys(environment, storage, STORAGE_ARM_VERSION)["keys"][0]["value"],
    )


def _keys(environment: Environment, resource: str, version: str) -> dict[str, Any]:
    path = f"/subscriptions/{environment.subscription_id}/resourceGroups/{resource}/listKeys"
    try:
        if environment.is_embedded:
            return _embedded_service(environment).post(path, version)
        return _post_to_azure(environment.arm_endpoint, path, version)
    except (ArmError, ResourceNotFoundError) as exc:
        reason = exc if isinstance(exc, ArmError) else exc.message.splitlines()[0]
        raise BadInput(f"{resource} has no keys at {environment.arm_endpoint} ({reason}); run `shoal up`") from exc


def _embedded_service(environment: Environment) -> ArmClient:
    """Return a client of the running service, whose token nothing else at the stack's endpoint may see."""
    status = read_status(default_state_dir())
    if status is None:
        raise BadInput(
            f"the Batch service of stack '{environment.stack}' is not running; start it with `shoal local start`"
        )
    if status.arm_endpoint != environment.arm_endpoint:
        raise BadInput(
            f"the embedded service at {environment.arm_endpoint} does not answer; start it with `shoal local start`, "
            f"or run `shoal up` to deploy the stack to the one that runs at {status.arm_endpoint}"
        )
    return ArmClient(status)


def _post_to_azure(endpoint: str, path: str, version: str) -> dict[str, Any]:
    from azure.identity import DefaultAzureCredential

    if not endpoint.startswith("https://"):
        raise BadInput(f"Azure Resource Manager at {endpoint} is not reached over HTTPS; no token is sent there")
    authentication = BearerTokenCredentialPolicy(DefaultAzureCredential(), f"{endpoint}/.default")
    # Redirects are not followed: the token is for this host.
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
        endpoint, policies=[RetryPolicy(), authentication]
    )
    with client:
        response = client.send_request(HttpRequest("POST", endpoint + path, params={"api-version": version}))
        if response.status_code == 404:
            raise ResourceNotFoundError(response=response)
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        keys: dict[str, Any] = response.json()
        return keys
