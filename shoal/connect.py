"""Make clients from an environment document: the official azure-batch and azure-storage-blob, for either service.

Errors of the clients become errors of the project here, and nowhere else.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, assert_never

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy

from shoal.account_keys import account_keys
from shoal.azure_errors import with_explanations
from shoal.blob_requests import BlobAccess, BlobRequests, connections
from shoal.container_signature import container_signature
from shoal.environment import Authentication, Environment
from shoal.errors import BadInput, WorkFailed
from shoal.whole_answers import WholeAnswers

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

Policies = Sequence[SansIOHTTPPolicy[Any, Any]]
"""Policies of azure-core that see each request to Batch once, before its retries."""
STORAGE_SCOPE = "https://storage.azure.com/.default"
CLOCK_DIFFERENCE = timedelta(minutes=15)
KEY_SIGNATURE_LIFE = timedelta(days=30)
DELEGATED_SIGNATURE_LIFE = timedelta(days=7)
"""Source: Azure Storage, Get User Delegation Key: at most seven days."""


@dataclass(frozen=True, kw_only=True)
class Services:
    environment: Environment
    batch: BatchClient
    storage_credential: AzureNamedKeyCredential | TokenCredential
    sign: Callable[[str], str]
    """Make the query part of a shared access signature for a container, for nodes without an identity."""
    blob_access: Callable[[str], BlobAccess]
    """Return what a plain request for a blob of a container carries, for `shoal.blob_requests`."""

    @cached_property
    def blobs(self) -> "BlobServiceClient":
        """Make the client when it is first used: its import takes as long as a short command."""
        return _blob_client(self.environment, self.storage_credential)

    def blob_requests(self, container: str, most: int) -> BlobRequests:
        """Make plain requests for the blobs of a container, over as many kept connections as `most`."""
        endpoint = self.environment.blob_endpoint
        return BlobRequests(endpoint, container, self.blob_access, connections=connections(endpoint, most))

    def close(self) -> None:
        self.batch.close()
        if "blobs" in vars(self):
            self.blobs.close()


@contextmanager
def connected(environment: Environment, *, policies: Policies = ()) -> Iterator[Services]:
    """Open clients for as long as the block runs. Raises BadInput where the service is not running."""
    with explained(environment), closing(_services(environment, policies)) as services:
        yield services


@contextmanager
def explained(environment: Environment) -> Iterator[None]:
    """Turn errors of Azure's clients into one message each."""
    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as exc:
        raise BadInput(
            f"the service of stack '{environment.stack}' does not answer (Batch at {environment.batch_endpoint}, "
            f"blobs at {environment.blob_endpoint}){_how_to_start(environment)}"
        ) from exc
    except ClientAuthenticationError as exc:
        refusal = f"stack '{environment.stack}' does not accept the credentials: {_refusal(exc)}"
        raise BadInput(with_explanations([refusal])) from exc
    except HttpResponseError as exc:
        raise WorkFailed(with_explanations([_refusal(exc)])) from exc


def batch_client(
    endpoint: str, credential: AzureNamedKeyCredential | TokenCredential, policies: Policies = ()
) -> BatchClient:
    return BatchClient(endpoint, credential, per_call_policies=list(policies), per_retry_policies=[WholeAnswers()])


def services_by_keys(
    environment: Environment, *, batch_key: str, storage_key: str, policies: Policies = ()
) -> Services:
    batch = AzureNamedKeyCredential(environment.batch_account, batch_key)
    storage = AzureNamedKeyCredential(environment.storage_account, storage_key)
    return Services(
        environment=environment,
        batch=batch_client(environment.batch_endpoint, batch, policies),
        storage_credential=storage,
        sign=lambda container: _key_signature(environment, container, storage_key),
        blob_access=cache(lambda container: _key_access(environment, container, storage_key)),
    )


def plain_word(value: str | Enum | None) -> str | None:
    """Return a word of the service as text: clients give members of enums, or text where they do not know the word."""
    return str(value.value) if isinstance(value, Enum) else value


def error_code(exc: HttpResponseError) -> str:
    """Return the error code of Batch or Blob Storage, such as `JobNotFound`."""
    code = (exc.error.code if exc.error else None) or getattr(exc, "error_code", None)
    return plain_word(code) or ""


def first_line(exc: HttpResponseError) -> str:
    message = (exc.error.message if exc.error else None) or exc.message or str(exc)
    return message.splitlines()[0]


def _refusal(exc: HttpResponseError) -> str:
    code = error_code(exc) or exc.reason
    return f"{code}: {first_line(exc)}" if code else first_line(exc)


def _services(environment: Environment, policies: Policies) -> Services:
    match environment.authentication:
        case Authentication.ENTRA:
            return _by_entra(environment, policies)
        case Authentication.SHARED_KEY:
            return _by_keys(environment, policies)
        case other:
            assert_never(other)


def _by_entra(environment: Environment, policies: Policies) -> Services:
    from azure.identity import DefaultAzureCredential

    for endpoint in (environment.batch_endpoint, environment.blob_endpoint):
        if not endpoint.startswith("https://"):
            raise BadInput(
                f"stack '{environment.stack}' takes Entra's tokens, which are sent over HTTPS only, and is at "
                f"{endpoint}; set shoal:authentication to shared_key for a stack of the embedded service"
            )
    credential = DefaultAzureCredential()
    return Services(
        environment=environment,
        batch=batch_client(environment.batch_endpoint, credential, policies),
        storage_credential=credential,
        sign=lambda container: _delegated_signature(environment, container, credential),
        blob_access=lambda _: _token_access(credential),
    )


def _by_keys(environment: Environment, policies: Policies) -> Services:
    keys = account_keys(environment)
    return services_by_keys(environment, batch_key=keys.batch, storage_key=keys.storage, policies=policies)


def _blob_client(
    environment: Environment, credential: AzureNamedKeyCredential | TokenCredential
) -> "BlobServiceClient":
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient(environment.blob_endpoint, credential=credential)


def _key_access(environment: Environment, container: str, key: str) -> BlobAccess:
    """Sign for as long as one command may run: a plain request cannot be signed by the key itself."""
    now, account = datetime.now(UTC), environment.storage_account
    start, expiry = now - CLOCK_DIFFERENCE, now + timedelta(days=1)
    return BlobAccess(
        query=container_signature(account, key, container, permissions="rcwl", start=start, expiry=expiry)
    )


def _token_access(credential: TokenCredential) -> BlobAccess:
    # The credential keeps the token, and renews it.
    return BlobAccess(headers={"Authorization": f"Bearer {credential.get_token(STORAGE_SCOPE).token}"})


def _key_signature(environment: Environment, container: str, key: str) -> str:
    now, account = datetime.now(UTC), environment.storage_account
    start, expiry = now - CLOCK_DIFFERENCE, now + KEY_SIGNATURE_LIFE
    permissions = _permissions(environment, container)
    return container_signature(account, key, container, permissions=permissions, start=start, expiry=expiry)


def _delegated_signature(environment: Environment, container: str, credential: TokenCredential) -> str:
    from azure.storage.blob import generate_container_sas

    now = datetime.now(UTC)
    expiry = now + DELEGATED_SIGNATURE_LIFE
    with _blob_client(environment, credential) as blobs:
        delegated = blobs.get_user_delegation_key(now, expiry)
    return generate_container_sas(
        environment.storage_account,
        container,
        permission=_permissions(environment, container),
        start=now - CLOCK_DIFFERENCE,
        expiry=expiry,
        user_delegation_key=delegated,
    )


def _permissions(environment: Environment, container: str) -> str:
    """Outputs are read by later stages; logs are only written; everything else is only read.

    Source: Azure Storage, Create a service SAS: the letters stand in this order.
    """
    containers = environment.containers
    match container:
        case containers.outputs:
            return "rcwl"
        case containers.logs:
            return "cw"
        case _:
            return "rl"


def _how_to_start(environment: Environment) -> str:
    return "; start it with `shoal local start`" if environment.is_embedded else ""
