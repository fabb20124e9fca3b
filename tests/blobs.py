"""The service's storage as tests use it: containers, and signed URLs of them."""

from datetime import UTC, datetime, timedelta

from azure.storage.blob import BlobServiceClient, ContainerClient, ContainerSasPermissions, generate_container_sas

from shoal.service_status import Status


def make_container(status: Status, name: str, **blobs: bytes) -> ContainerClient:
    """Make a container with these blobs in it."""
    storage = BlobServiceClient(status.blob_endpoint, credential=status.storage_key)
    container = storage.create_container(name)
    for blob, content in blobs.items():
        container.upload_blob(blob, content)
    return container


def signed_url(status: Status, container: ContainerClient, permissions: str) -> str:
    """`permissions` by their letters: r, w, c, l."""
    signature = generate_container_sas(
        status.storage_account,
        container.container_name,
        account_key=status.storage_key,
        permission=ContainerSasPermissions.from_string(permissions),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{container.url}?{signature}"


def names(container: ContainerClient) -> list[str]:
    return sorted(container.list_blob_names())
