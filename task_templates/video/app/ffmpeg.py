"""Runs ffmpeg with the arguments that it is given: the one of the node, else the one in the package imageio-ffmpeg."""

import os
import shutil
import sys


def program() -> str:
    """Return the path of ffmpeg."""
    installed = shutil.which("ffmpeg")
    if installed:
        return installed
    from imageio_ffmpeg import get_ffmpeg_exe

    return str(get_ffmpeg_exe())


if __name__ == "__main__":
    os.execv(program(), ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *sys.argv[1:]])
