"""The agent among other users of its process."""

import os
import subprocess
from pathlib import Path

from shoal.local.node.agent import Agent


def test_agent_leaves_children_that_are_not_its_tasks_to_who_made_them(tmp_path: Path) -> None:
    agent = Agent(root=tmp_path)
    ended: list[int] = []
    with subprocess.Popen(["true"]) as foreign:
        own = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], {}, setpgroup=0)
        agent.processes[own] = ended.append
        os.waitid(os.P_PID, own, os.WEXITED | os.WNOWAIT)
        os.waitid(os.P_PID, foreign.pid, os.WEXITED | os.WNOWAIT)
        agent._reap()
        assert ended == [3]
        assert foreign.wait() == 0
