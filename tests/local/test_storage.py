import asyncio
import socket
from pathlib import Path

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from shoal.local.storage import Storage, StorageMissing, free_port

ACCOUNTS = {"acct": "a2V5"}


def test_storage_that_did_not_start_is_started_by_the_next_call(tmp_path: Path) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            storage = Storage(folder=tmp_path, port=port, free_within=0)
            with pytest.raises(StorageMissing, match=f"another program has port {port}"):
                await storage.serve(ACCOUNTS)
        await storage.serve(ACCOUNTS)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /acct?comp=list HTTP/1.0\r\n\r\n")
            assert b"Azurite" in await reader.read()
            writer.close()
        finally:
            await storage.stop()

    asyncio.run(story())


def test_new_account_is_served_and_a_removed_one_refused_by_the_same_azurite(tmp_path: Path) -> None:
    async def story() -> None:
        storage = Storage(folder=tmp_path, port=free_port())
        await storage.serve(ACCOUNTS)
        azurite = storage.guard
        try:
            for served, refused in (
                ({**ACCOUNTS, "other": "a2V5"}, ()),
                ({"other": "bmV3"}, ("acct",)),
                (ACCOUNTS, ("other",)),
            ):
                await storage.serve(served)
                for name, key in served.items():
                    assert await asyncio.to_thread(lists_containers, storage, name, key)
                for name in refused:
                    assert not await asyncio.to_thread(lists_containers, storage, name, "a2V5")
            assert storage.guard is azurite
        finally:
            await storage.stop()

    asyncio.run(story())


def lists_containers(storage: Storage, account: str, key: str) -> bool:
    credential = AzureNamedKeyCredential(account, key)
    with BlobServiceClient(f"{storage.endpoint}/{account}", credential) as blobs:
        try:
            return list(blobs.list_containers()) == []
        except HttpResponseError:
            return False


def test_storage_without_azurite_fails_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_AZURITE", str(tmp_path))
    storage = Storage(folder=tmp_path / "blobs", port=1)
    for _ in range(2):
        with pytest.raises(StorageMissing, match="SHOAL_AZURITE"):
            asyncio.run(storage.serve(ACCOUNTS))
