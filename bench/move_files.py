"""Measure `fetch` and the upload of inputs, small files and a large one, beside raw requests in turns."""

import base64
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement, repeated
from service import service
from stack import clients
from storage import Container, RawConnection

from shoal.connect import Services
from shoal.jobs.submit.upload import upload_inputs
from shoal.runs.fetch import fetch

FILES = 10_000
LARGE_BYTES = 2_000_000_000
KILOBYTE = b"x" * 1000
BLOCK, RANGE = 8 << 20, 16 << 20
PAIRS = 3
PEER = "raw requests"


def measure(scale: float) -> Iterator[Measurement]:
    count, size = max(100, round(FILES * scale)), max(80_000_000, round(LARGE_BYTES * scale))
    with (
        service() as running,
        clients(running) as services,
        TemporaryDirectory(prefix="shoal-bench-") as directory,
    ):
        folder, inputs, outputs = Path(directory), Container(running, "inputs"), Container(running, "outputs")
        yield _small_uploads(services, inputs, folder, count // 5)
        _put_outputs(outputs, count)
        yield _small_downloads(services, outputs, folder, count)
        yield _large_upload(services, inputs, folder, size)
        _raw_upload(outputs, folder / "large", "big/s/t/large")
        yield _large_download(services, outputs, folder, size)


def _small_uploads(services: Services, inputs: Container, folder: Path, count: int) -> Measurement:
    files = [folder / f"in-{number}" for number in range(count)]
    for path in files:
        path.write_bytes(KILOBYTE)

    def ours(turn: int) -> None:
        upload_inputs({path: f"ours-{turn}-{path.name}" for path in files}, services)

    def raw(turn: int) -> None:
        paths = [inputs.path(f"raw-{turn}-{path.name}") for path in files]
        inputs.each(paths, lambda connection, path: connection.put(path, KILOBYTE), connections=8)

    return _pairs("upload inputs of 1 kB", "files/s", count, ours, raw)


def _put_outputs(outputs: Container, count: int) -> None:
    paths = [outputs.path(f"run/s/t{number}/a") for number in range(count)]
    outputs.each(paths, lambda connection, path: connection.put(path, KILOBYTE), connections=8)


def _small_downloads(services: Services, outputs: Container, folder: Path, count: int) -> Measurement:
    def ours(turn: int) -> None:
        fetched = fetch(services, "run", folder / f"ours-{turn}")
        if fetched.files != count:
            raise RuntimeError(f"{fetched.files} of {count} files were fetched")

    def raw(turn: int) -> None:
        def get(connection: RawConnection, number: int) -> None:
            target = folder / f"raw-{turn}" / "s" / f"t{number}" / "a"
            target.parent.mkdir(parents=True)
            with target.open("wb") as content:
                connection.get(outputs.path(f"run/s/t{number}/a"), target=content)

        outputs.each(range(count), get, connections=8)

    return _pairs("fetch files of 1 kB", "files/s", count, ours, raw)


def _large_upload(services: Services, inputs: Container, folder: Path, size: int) -> Measurement:
    source, pattern = folder / "large", os.urandom(1 << 20)
    with source.open("wb") as content:
        for left in range(size, 0, -len(pattern)):
            content.write(pattern[:left])

    def ours(turn: int) -> None:
        upload_inputs({source: f"large-{turn}"}, services)

    def raw(turn: int) -> None:
        _raw_upload(inputs, source, f"raw-large-{turn}")

    return _pairs("upload a large file", "MB/s", size / 1e6, ours, raw)


def _raw_upload(container: Container, source: Path, name: str) -> None:
    firsts = range(0, source.stat().st_size, BLOCK)
    ids = {first: base64.b64encode(f"{first:012}".encode()).decode() for first in firsts}
    with source.open("rb") as content:

        def put(connection: RawConnection, first: int) -> None:
            block = os.pread(content.fileno(), BLOCK, first)
            connection.put(container.path(name, f"comp=block&blockid={ids[first]}&"), block, headers="")

        container.each(firsts, put, connections=4)
    items = "".join(f"<Uncommitted>{block}</Uncommitted>" for block in ids.values())
    text = f"<?xml version='1.0' encoding='utf-8'?><BlockList>{items}</BlockList>".encode()
    last = container.path(name, "comp=blocklist&")
    container.each([last], lambda connection, path: connection.put(path, text, headers=""), connections=1)


def _large_download(services: Services, outputs: Container, folder: Path, size: int) -> Measurement:
    def ours(turn: int) -> None:
        fetch(services, "big", folder / f"big-{turn}")
        shutil.rmtree(folder / f"big-{turn}")

    def raw(turn: int) -> None:
        path, target = outputs.path("big/s/t/large"), folder / f"raw-big-{turn}"
        with target.open("wb") as content:

            def get(connection: RawConnection, first: int) -> None:
                header = f"Range: bytes={first}-{min(first + RANGE, size) - 1}\r\n"
                with target.open("r+b", buffering=0) as part:
                    part.seek(first)
                    connection.get(path, target=part, headers=header)

            content.truncate(size)
            outputs.each(range(0, size, RANGE), get, connections=4)
        target.unlink()

    return _pairs("fetch a large file", "MB/s", size / 1e6, ours, raw)


def _pairs(name: str, unit: str, amount: float, ours: Callable[[int], None], raw: Callable[[int], None]) -> Measurement:
    """Measure both in turns, and which one comes first alternates."""
    rates: dict[str, list[float]] = {"ours": [], "raw": []}
    for turn in range(PAIRS):
        order: Sequence[tuple[str, Callable[[int], None]]] = [("ours", ours), ("raw", raw)]
        for who, move in order if turn % 2 else reversed(order):
            began = time.perf_counter()
            move(turn)
            rates[who].append(amount / (time.perf_counter() - began))
    return repeated(name, unit, rates["ours"], PEER, rates["raw"])
