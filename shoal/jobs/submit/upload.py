"""Upload local input files to the inputs container, once each: their names are made of their content."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shoal.errors import WorkFailed

IN_FLIGHT = 8


def upload(files: Mapping[Path, str], container: ContainerClient) -> int:
    """Upload the missing files and return how many they were."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return sum(pool.map(lambda path: _upload(path, files[path], container), files))


def _upload(path: Path, blob: str, container: ContainerClient) -> bool:
    client = container.get_blob_client(blob)
    if client.exists():  # spares sending a large file in vain
        return False
    try:
        with path.open("rb") as content:
            client.upload_blob(content)
    except ResourceExistsError:
        return False  # uploaded by somebody else meanwhile, with the same content; it may be immutable
    except ResourceNotFoundError as exc:
        raise WorkFailed(f"{path} cannot be uploaded: there is no container '{container.container_name}'") from exc
    return True
