"""Stitches tiles to one PNG file. The same pixels give the same bytes."""

import argparse
import json
import struct
import zlib
from pathlib import Path
from typing import Iterator, List, Tuple


def read_tile(path: Path) -> Tuple[int, List[bytes]]:
    """Return the width of a tile, and its rows."""
    header, _, pixels = path.read_bytes().partition(b"\n")
    width, height = map(int, header.split()[1:3])
    return width, [pixels[3 * width * row : 3 * width * (row + 1)] for row in range(height)]


def stitch(folder: Path, width: int) -> List[bytes]:
    """Return the rows of the whole picture. Raises ValueError where a pixel has no tile."""
    picture = [bytearray(3 * width) for _ in range(width)]
    pixels = 0
    for place in folder.rglob("place.json"):
        corner = json.loads(place.read_text())
        tile_width, tile = read_tile(place.with_name("tile.ppm"))
        for number, row in enumerate(tile, corner["top"]):
            picture[number][3 * corner["left"] : 3 * (corner["left"] + tile_width)] = row
        pixels += tile_width * len(tile)
    if pixels != width * width:
        raise ValueError(f"the tiles have {pixels} pixels, and the picture {width * width}")
    return [bytes(row) for row in picture]


def png(rows: List[bytes]) -> bytes:
    """Return an RGB picture as a file. Source: the PNG specification, ISO/IEC 15948."""
    size = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks((b"IHDR", size), (b"IDAT", pixels), (b"IEND", b"")))


def chunks(*parts: Tuple[bytes, bytes]) -> Iterator[bytes]:
    for kind, content in parts:
        yield struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, required=True)
    given = parser.parse_args()
    given.out.write_bytes(png(stitch(given.folder, given.width)))
