"""`python -m shoal.local STATE_DIR [PORT]`: the service's process; `shoal local start` starts it."""

import sys
from pathlib import Path

from shoal.local.server import CannotStart, serve

try:
    serve(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else None)
except CannotStart as exc:
    sys.exit(f"error: {exc}")
