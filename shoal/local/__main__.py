"""The process of the service, which `shoal.local.control` starts: `python -m shoal.local STATE_DIR [OPTION…]`."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path

from shoal.local.control import CannotStart
from shoal.local.server import serve
from shoal.local.start_options import StartOptions

if __name__ == "__main__":
    parser = ArgumentParser(prog="shoal.local")
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--https", action=BooleanOptionalAction)
    parser.add_argument("--power-safe", action=BooleanOptionalAction)
    parser.add_argument("--task-users", action=BooleanOptionalAction)
    parser.add_argument("--attached", action="store_true", help="end when standard input does")
    parser.add_argument("--log", action="store_true", help="write to the state's log, and empty it first")
    given = parser.parse_args()
    options = StartOptions(port=given.port, https=given.https, power_safe=given.power_safe, task_users=given.task_users)
    try:
        serve(given.state_dir.absolute(), options, attached=given.attached, logged=given.log)
    except CannotStart as exc:
        sys.exit(f"error: {exc}")
