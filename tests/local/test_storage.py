import asyncio
import socket
from pathlib import Path

import pytest

from shoal.local.storage import Storage, StorageMissing

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


def test_storage_without_azurite_fails_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_AZURITE", str(tmp_path))
    storage = Storage(folder=tmp_path / "blobs", port=1)
    for _ in range(2):
        with pytest.raises(StorageMissing, match="SHOAL_AZURITE"):
            asyncio.run(storage.serve(ACCOUNTS))
