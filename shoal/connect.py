"""Make clients from an environment document: the official azure-batch and azure-storage-blob, for either service.

Errors of the clients become errors of the project here, and nowhere else.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, assert_never

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from shoal.account_keys import account_keys
from shoal.azure_errors import with_explanations
from shoal.blob_requests import BlobAccess
from shoal.environment import Authentication, Environment
from shoal.errors import BadInput, WorkFailed
from shoal.whole_answers import WholeAnswers

Policies = Sequence[SansIOHTTPPolicy[Any, Any]]
"""Policies of azure-core that see each request to Batch once, before its retries."""
STORAGE_SCOPE = "https://storage.azure.com/.default"
CLOCK_DIFFERENCE = timedelta(minutes=15)
KEY_SIGNATURE_LIFE = timedelta(days=30)
DELEGATED_SIGNATURE_LIFE = timedelta(days=7)
"""Source: Azure Storage, Get User Delegation Key: at most seven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    environment: Environment
    batch: BatchClient
    blobs: BlobServiceClient
    sign: Callable[[str], str]
    """Make the query part of a shared access signature for a container, for nodes without an identity."""
    blob_access: Callable[[str], BlobAccess]
    """Return what a plain request for a blob of a container carries, for `shoal.blob_requests`."""


@contextmanager
def connected(environment: Environment, *, policies: Policies = ()) -> Iterator[Services]:
    """Open clients for as long as the block runs. Raises BadInput where the service is not running."""
    with explained(environment):
        services = _services(environment, policies)
        with services.batch, services.blobs:
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
        blobs=BlobServiceClient(environment.blob_endpoint, credential=storage),
        sign=lambda container: _signature(environment, container, KEY_SIGNATURE_LIFE, account_key=storage_key),
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
    blobs = BlobServiceClient(environment.blob_endpoint, credential=credential)

    def sign(container: str) -> str:
        now = datetime.now(UTC)
        delegated = blobs.get_user_delegation_key(now, now + DELEGATED_SIGNATURE_LIFE)
        return _signature(environment, container, DELEGATED_SIGNATURE_LIFE, user_delegation_key=delegated)

    batch = batch_client(environment.batch_endpoint, credential, policies)
    return Services(
        environment=environment, batch=batch, blobs=blobs, sign=sign, blob_access=lambda _: _token_access(credential)
    )


def _by_keys(environment: Environment, policies: Policies) -> Services:
    keys = account_keys(environment)
    return services_by_keys(environment, batch_key=keys.batch, storage_key=keys.storage, policies=policies)


def _key_access(environment: Environment, container: str, key: str) -> BlobAccess:
    """Sign for as long as one command may run: a plain request cannot be signed by the key itself."""
    life = timedelta(days=1)
    query = generate_container_sas(
        environment.storage_account,
        container,
        permission=ContainerSasPermissions(read=True, list=True, create=True, write=True),
        start=datetime.now(UTC) - CLOCK_DIFFERENCE,
        expiry=datetime.now(UTC) + life,
        account_key=key,
    )
    return BlobAccess(query=query)


def _token_access(credential: TokenCredential) -> BlobAccess:
    # The credential keeps the token, and renews it.
    return BlobAccess(headers={"Authorization": f"Bearer {credential.get_token(STORAGE_SCOPE).token}"})


def _signature(environment: Environment, container: str, life: timedelta, **key: Any) -> str:
    return generate_container_sas(
        environment.storage_account,
        container,
        permission=_permission(environment, container),
        start=datetime.now(UTC) - CLOCK_DIFFERENCE,
        expiry=datetime.now(UTC) + life,
        **key,
    )


def _permission(environment: Environment, container: str) -> ContainerSasPermissions:
    """Outputs are read by later stages; logs are only written; everything else is only read."""
    containers = environment.containers
    return ContainerSasPermissions(
        read=container != containers.logs,
        list=container != containers.logs,
        create=container in (containers.outputs, containers.logs),
        write=container in (containers.outputs, containers.logs),
    )


def _how_to_start(environment: Environment) -> str:
    return "; start it with `shoal local start`" if environment.is_embedded else ""
