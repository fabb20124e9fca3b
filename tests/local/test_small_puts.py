"""Small blobs that agents put over sockets of their own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import ContainerClient

from shoal.blob_requests import BlobAccess, BlobRequests, connections
from shoal.blob_uploads import NEVER_REPLACE
from shoal.local.node.blob_transfer import OWN_ATTEMPTS
from shoal.local.node.small_puts import SMALL, SmallPuts
from shoal.service_status import Status
from tests.blobs import make_container, signed_url
from tests.rough_storage import RoughStorage, rough_storage


@pytest.fixture
def container(service: Status, name: str) -> ContainerClient:
    return make_container(service, name)


@pytest.fixture
def rough(service: Status) -> Iterator[tuple[str, RoughStorage]]:
    with rough_storage(service.blob_endpoint.removesuffix(f"/{service.storage_account}")) as opened:
        yield opened


def requests(service: Status, container: ContainerClient, host: str | None = None) -> BlobRequests:
    """Return requests for the container at a host, or at storage itself."""
    endpoint = service.blob_endpoint if host is None else f"{host}/{service.storage_account}"
    access = BlobAccess(query=signed_url(service, container, "rwc").partition("?")[2])
    puts = SmallPuts(endpoint, connections(endpoint, 16, OWN_ATTEMPTS))
    return BlobRequests(endpoint, container.container_name, lambda _: access, connections=puts)


def test_every_blob_is_stored_where_storage_throttles_and_cuts_connections(
    service: Status, container: ContainerClient, rough: tuple[str, RoughStorage]
) -> None:
    host, server = rough
    contents = {f"{size}/{number}": bytes([number]) * size for number in range(40) for size in (0, 1000, SMALL + 1)}
    blobs = requests(service, container, host)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: blobs.put(name, contents[name], {}), contents))
    assert server.disturbed > len(contents) // 4
    assert {name: container.download_blob(name).readall() for name in container.list_blob_names()} == contents


def test_refusals_of_storage_are_those_of_other_requests(service: Status, container: ContainerClient) -> None:
    blobs = requests(service, container)
    blobs.put("a b/ü", b"first", {})
    with pytest.raises(ResourceExistsError):
        blobs.put("a b/ü", b"second", NEVER_REPLACE)
    with pytest.raises(HttpResponseError, match="InvalidHeaderValue"):
        blobs.put("tier", b"", {"x-ms-access-tier": "lukewarm"})
    # The rest of a refusal must not stand before the next answer.
    blobs.put("next", b"third", {"x-ms-blob-content-type": "text/x-next"})
    assert container.download_blob("a b/ü").readall() == b"first"
    assert container.get_blob_client("next").get_blob_properties().content_settings.content_type == "text/x-next"


def test_header_cannot_hold_another_header(service: Status, container: ContainerClient) -> None:
    with pytest.raises(ValueError, match="Invalid header value"):
        requests(service, container).put("a", b"", {"x-ms-meta-a": "1\r\nx-ms-meta-b: 2"})
    assert list(container.list_blob_names()) == []
