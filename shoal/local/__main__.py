"""The process of the service, which `shoal.local.control` starts: `python -m shoal.local STATE_DIR [OPTION…]`."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path

from shoal.local.control import CannotStart
from shoal.local.server import serve

if __name__ == "__main__":
    parser = ArgumentParser(prog="shoal.local")
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--https", action=BooleanOptionalAction)
    parser.add_argument("--attached", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    try:
        serve(options.state_dir.absolute(), options.port, https=options.https, attached=options.attached)
    except CannotStart as exc:
        sys.exit(f"error: {exc}")
