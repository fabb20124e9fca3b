"""The video: no frame is lost, repeated or out of order."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from ffmpeg import program
from stitch import playlist


def frames(video: Path) -> list[str]:
    """Return a hash of each decoded frame, in order."""
    command = [program(), "-loglevel", "error", "-i", str(video), "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


def test_parts_are_listed_in_the_order_of_their_names_whatever_their_folders(tmp_path: Path) -> None:
    parts = [tmp_path / "a" / "part0002.mkv", tmp_path / "b" / "part0001.mkv"]
    assert playlist(parts) == f"file '{parts[1]}'\nfile '{parts[0]}'\n"


def test_stitched_video_has_every_frame_of_the_parts_in_order(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "seconds=7", "-p", "size=160x90", "-p", "part=2", "-p", "crf=0", "--out", str(tmp_path))
    shoal("run", "task_templates/video.yaml", "-s", "local", *given)
    parts = sorted((tmp_path / "split" / "split").glob("part*.mkv"))
    assert len(parts) == 4
    expected = [frame for part in parts for frame in frames(part)]
    assert frames(tmp_path / "stitch/stitch/video.mkv") == expected
    assert (len(expected), len(set(expected)) > 100) == (175, True)
