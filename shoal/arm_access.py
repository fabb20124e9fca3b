"""Calls to the ARM side of the service that a stack is in, with the caller's own login.

The endpoint in the environment document decides which service that is. A token is sent only to the host that it is for:
the embedded service's to the service that gave it, Entra's to the endpoint that it was requested for.
"""

from typing import Any, Literal

from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shoal.arm import ArmClient, ArmError
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.service_status import default_state_dir, read_status

Verb = Literal["GET", "POST"]


def arm_call(environment: Environment, verb: Verb, path: str, version: str) -> dict[str, Any]:
    """Return the answer, `path` being below the stack's subscription.

    Raises BadInput, ArmError, and AzureError where Azure refuses.
    """
    path = f"/subscriptions/{environment.subscription_id}/{path}"
    if not environment.is_embedded:
        return _call_azure(environment.arm_endpoint, verb, path, version)
    client = _embedded_service(environment)
    if verb == "POST":
        return client.post(path, version)
    if (found := client.get(path, version)) is None:
        raise ArmError(404, "ResourceNotFound", f"{path} was not found")
    return found


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


def _call_azure(endpoint: str, verb: Verb, path: str, version: str) -> dict[str, Any]:
    from azure.identity import DefaultAzureCredential

    if not endpoint.startswith("https://"):
        raise BadInput(f"Azure Resource Manager at {endpoint} is not reached over HTTPS; no token is sent there")
    authentication = BearerTokenCredentialPolicy(DefaultAzureCredential(), f"{endpoint}/.default")
    # Redirects are not followed: the token is for this host.
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
        endpoint, policies=[RetryPolicy(), authentication]
    )
    with client:
        response = client.send_request(HttpRequest(verb, endpoint + path, params={"api-version": version}))
        if response.status_code == 404:
            raise ResourceNotFoundError(response=response)
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        answer: dict[str, Any] = response.json()
        return answer
