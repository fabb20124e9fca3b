"""Azure's own clients with azure-identity's own credentials, over HTTPS."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import BatchClient
from azure.batch.models import BatchJobCreateOptions, BatchPoolInfo
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from azure.mgmt.batch import BatchManagementClient
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from shoal.service_status import Status
from tests.arm import SUBSCRIPTION

pytestmark = pytest.mark.xdist_group("https")


def client_secret(status: Status, secret: str | None = None) -> ClientSecretCredential:
    return ClientSecretCredential(
        status.tenant_id,
        status.client_id,
        secret or status.client_secret,
        authority=status.arm_endpoint,
        # MSAL would ask Microsoft's own host about an authority that it does not know.
        disable_instance_discovery=True,
    )


def drive(status: Status, credential: TokenCredential) -> None:
    """Use each of the three planes with one credential."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    with BatchClient(status.batch_endpoint, credential) as batch:
        batch.create_job(BatchJobCreateOptions(id=name, pool_info=BatchPoolInfo(pool_id="none")))
        assert batch.get_job(name).id == name
    with BatchManagementClient(
        credential, SUBSCRIPTION, status.arm_endpoint, credential_scopes=[f"{status.arm_endpoint}/.default"]
    ) as arm:
        account = arm.batch_account.get("shoal", status.account)
        # As Azure gives it, and as clients take it: without the scheme.
        assert f"https://{account.account_endpoint}" == status.batch_endpoint
    with BlobServiceClient(status.blob_endpoint, credential=credential) as blobs:
        blobs.create_container(name).upload_blob("blob", b"content")
        assert blobs.get_blob_client(name, "blob").download_blob().readall() == b"content"


def test_client_secret_opens_batch_arm_and_blobs(trusting: Status) -> None:
    drive(trusting, client_secret(trusting))


def test_wrong_client_secret_opens_nothing(trusting: Status) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        drive(trusting, client_secret(trusting, "guess"))


def test_managed_identity_of_a_virtual_machine_opens_batch_arm_and_blobs(
    trusting: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", trusting.machine_identity_endpoint)
    drive(trusting, ManagedIdentityCredential())


def test_variables_of_env_are_enough_for_the_default_credential(
    trusting: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, trusting.client_variables[name])
    drive(trusting, DefaultAzureCredential())


def test_user_delegation_signature_reads_a_blob(trusting: Status) -> None:
    container, now = f"t-{uuid.uuid4().hex[:12]}", datetime.now(UTC)
    with BlobServiceClient(trusting.blob_endpoint, credential=client_secret(trusting)) as blobs:
        blobs.create_container(container).upload_blob("blob", b"content")
        key = blobs.get_user_delegation_key(now, now + timedelta(hours=1))
    signature = generate_container_sas(
        trusting.storage_account,
        container,
        user_delegation_key=key,
        permission=ContainerSasPermissions(read=True),
        expiry=now + timedelta(hours=1),
    )
    with BlobServiceClient(f"{trusting.blob_endpoint}?{signature}") as reader:
        assert reader.get_blob_client(container, "blob").download_blob().readall() == b"content"
