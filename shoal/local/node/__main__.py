import sys
from pathlib import Path

from shoal.local.node.agent import Agent

Agent(root=Path(sys.argv[1])).run()
