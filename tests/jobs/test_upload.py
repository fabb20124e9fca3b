from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from azure.storage.blob import BlobServiceClient, ContainerClient

from shoal.jobs.submit.upload import upload
from shoal.service_status import Status

AT_ONCE = 8


def test_file_that_several_upload_at_once_is_uploaded_by_one(service: Status, tmp_path: Path, name: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"1,2\n" * 100_000)
    together = Barrier(AT_ONCE)

    def upload_it(container: ContainerClient) -> int:
        together.wait()
        return upload({path: "prices-of-this-content.csv"}, container)

    credential = {"account_name": service.storage_account, "account_key": service.storage_key}
    with BlobServiceClient(service.blob_endpoint, credential) as blobs, ThreadPoolExecutor(AT_ONCE) as threads:
        container = blobs.create_container(name)
        assert sum(threads.map(upload_it, [container] * AT_ONCE)) == 1
        assert container.download_blob("prices-of-this-content.csv").readall() == path.read_bytes()
