"""Renders one tile of a picture of the Mandelbrot set, as a binary PPM file. It needs nothing but Python."""

import argparse
import json
from pathlib import Path
from typing import List, Tuple

CENTRE = (-0.743643, 0.131825)
SPAN = 0.006
"""The centre of the picture and its width, in the plane of complex numbers."""


def steps(x: float, y: float, limit: int) -> int:
    """Return how many steps a point takes to leave; the limit if it stays."""
    real, imaginary = x, y
    for step in range(limit):
        if real * real + imaginary * imaginary > 4.0:
            return step
        real, imaginary = real * real - imaginary * imaginary + x, 2.0 * real * imaginary + y
    return limit


def colour(step: int, limit: int) -> Tuple[int, int, int]:
    if step == limit:
        return 0, 0, 0
    return 9 * step % 256, 5 * step % 256, (80 + 3 * step) % 256


def rows(left: int, top: int, size: Tuple[int, int], width: int, limit: int) -> List[bytes]:
    """Return the rows of a tile of this size in a square picture of this width, three bytes for each pixel."""
    scale = SPAN / width
    corner = CENTRE[0] - SPAN / 2, CENTRE[1] - SPAN / 2
    return [
        b"".join(
            bytes(colour(steps(corner[0] + column * scale, corner[1] + row * scale, limit), limit))
            for column in range(left, left + size[0])
        )
        for row in range(top, top + size[1])
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("row", "column", "tile", "width", "limit"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    left, top = given.column * given.tile, given.row * given.tile
    size = min(given.tile, given.width - left), min(given.tile, given.width - top)
    pixels = b"".join(rows(left, top, size, given.width, given.limit))
    Path("tile.ppm").write_bytes(b"P6 %d %d 255\n" % size + pixels)
    Path("place.json").write_text(json.dumps({"left": left, "top": top}))
