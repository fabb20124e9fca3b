"""The tiles: what is stitched has the bytes of what is rendered whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from render import rows
from stitch import png, stitch


def test_picture_without_all_of_its_tiles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tile.ppm").write_bytes(b"P6 1 1 255\n\1\2\3")
    (tmp_path / "place.json").write_text(json.dumps({"left": 0, "top": 0}))
    assert stitch(tmp_path, 1) == [b"\1\2\3"]
    with pytest.raises(ValueError, match="the tiles have 1 pixels, and the picture 4"):
        stitch(tmp_path, 2)


def test_stitched_picture_has_the_bytes_of_one_that_is_rendered_whole(
    shoal: Callable[..., str], tmp_path: Path
) -> None:
    given = ("-p", "width=50", "-p", "tile=20", "-p", "limit=200", "--out", str(tmp_path))
    shoal("run", "task_templates/tiles.yaml", "-s", "local", *given)
    assert len(list((tmp_path / "render").rglob("tile.ppm"))) == 9
    picture = rows(0, 0, (50, 50), 50, 200)
    assert len(set(b"".join(picture))) > 50
    assert (tmp_path / "stitch/stitch/picture.png").read_bytes() == png(picture)
