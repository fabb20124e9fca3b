import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobBlock,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_container_sas,
)

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


SIZES = (0, 1, 1000, 65_536, 65_537, 300_000)
"""In bytes. Contents of up to 64 KiB are written together with others of their moment."""


def test_contents_that_come_together_are_whole_and_outlast_an_end_of_azurite(tmp_path: Path) -> None:
    contents = {f"{number}-{size}": os.urandom(size) for number in range(20) for size in SIZES}

    async def story() -> None:
        storage = Storage(folder=tmp_path, port=free_port())
        await storage.serve(ACCOUNTS)
        try:
            with container(storage) as blobs:
                await asyncio.to_thread(blobs.create_container)
                uploads = (asyncio.to_thread(blobs.upload_blob, name, content) for name, content in contents.items())
                await asyncio.gather(*uploads)
                # In the place of others, and in two blocks of one blob.
                for name in list(contents)[: len(SIZES)]:
                    contents[name] += b"more"
                    await asyncio.to_thread(blobs.upload_blob, name, contents[name], overwrite=True)
                contents["blocks"] = await asyncio.to_thread(put_two_blocks, blobs)
                assert await asyncio.to_thread(downloaded, blobs) == contents
                await storage.stop()
                await storage.serve(ACCOUNTS)
                assert await asyncio.to_thread(downloaded, blobs) == contents
        finally:
            await storage.stop()

    asyncio.run(story())


def test_content_that_is_not_what_was_sent_is_refused_and_not_kept(tmp_path: Path) -> None:
    async def story() -> None:
        storage = Storage(folder=tmp_path, port=free_port())
        await storage.serve(ACCOUNTS)
        try:
            with container(storage) as blobs:
                await asyncio.to_thread(blobs.create_container)
                with pytest.raises(HttpResponseError, match="Md5Mismatch"):
                    await asyncio.to_thread(
                        blobs.upload_blob, "wrong", b"content", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
                    )
                await asyncio.to_thread(put_a_half, storage, blobs)
                await asyncio.to_thread(blobs.upload_blob, "next", b"whole")
                assert await asyncio.to_thread(downloaded, blobs) == {"next": b"whole"}
        finally:
            await storage.stop()

    asyncio.run(story())


def container(storage: Storage) -> ContainerClient:
    return ContainerClient(f"{storage.endpoint}/acct", "files", AzureNamedKeyCredential("acct", "a2V5"))


def put_two_blocks(blobs: ContainerClient) -> bytes:
    with blobs.get_blob_client("blocks") as blob:
        blob.stage_block("YQ==", b"a" * 10)
        blob.stage_block("Yg==", b"b" * 100_000)
        blob.commit_block_list([BlobBlock("YQ=="), BlobBlock("Yg==")])
    return b"a" * 10 + b"b" * 100_000


def put_a_half(storage: Storage, blobs: ContainerClient) -> None:
    """Send a signed request whose connection ends in the middle of its content."""
    permission = ContainerSasPermissions(write=True)
    expiry = datetime.now(UTC) + timedelta(hours=1)
    signature = generate_container_sas("acct", "files", account_key="a2V5", permission=permission, expiry=expiry)
    head = f"PUT /acct/files/half?{signature} HTTP/1.1\r\nHost: x\r\nx-ms-blob-type: BlockBlob\r\nContent-Length: 1000"
    with socket.create_connection(("127.0.0.1", storage.port)) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode() + b"h" * 500)


def downloaded(blobs: ContainerClient) -> dict[str, bytes]:
    return {name: blobs.download_blob(name).readall() for name in blobs.list_blob_names()}
