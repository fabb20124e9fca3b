"""Puts the videos below a folder together, in the order of their names, without encoding them again."""

import subprocess
import sys
from pathlib import Path
from typing import List

from ffmpeg import program


def playlist(parts: List[Path]) -> str:
    """Return the list that ffmpeg's demuxer `concat` reads."""
    return "".join(f"file '{part.resolve()}'\n" for part in sorted(parts, key=lambda part: part.name))


if __name__ == "__main__":
    folder, out = map(Path, sys.argv[1:])
    Path("parts.txt").write_text(playlist(list(folder.rglob("*.mkv"))))
    command = [program(), "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", "parts.txt", "-c", "copy", str(out)]
    sys.exit(subprocess.run(command, check=False).returncode)
