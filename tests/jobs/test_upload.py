from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from azure.storage.blob import BlobServiceClient

from shoal.blob_requests import BlobAccess, BlobRequests, connections
from shoal.jobs.submit.upload import upload
from shoal.service_status import Status
from tests.blobs import signed_url

AT_ONCE = 8


def test_file_that_several_upload_at_once_is_uploaded_by_one(service: Status, tmp_path: Path, name: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"1,2\n" * 100_000)
    together = Barrier(AT_ONCE)

    def upload_it(container: BlobRequests) -> int:
        together.wait()
        return upload({path: "prices-of-this-content.csv"}, container)

    credential = {"account_name": service.storage_account, "account_key": service.storage_key}
    with BlobServiceClient(service.blob_endpoint, credential) as blobs, ThreadPoolExecutor(AT_ONCE) as threads:
        container = blobs.create_container(name)
        access = BlobAccess(query=signed_url(service, container, "rwc").partition("?")[2])
        kept = connections(service.blob_endpoint, AT_ONCE)
        requests = BlobRequests(service.blob_endpoint, name, lambda _: access, connections=kept)
        assert sum(threads.map(upload_it, [requests] * AT_ONCE)) == 1
        assert container.download_blob("prices-of-this-content.csv").readall() == path.read_bytes()
