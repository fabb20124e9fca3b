import os
import re
import subprocess
import sys
from pathlib import Path

from shoal.service_status import Status

CLIENT = Path(__file__).parents[1] / "examples" / "client.py"
SHOAL = Path(sys.executable).with_name("shoal")


def test_unmodified_client_runs_a_thousand_tasks_and_reads_each_stdout(service: Status) -> None:
    exports = subprocess.check_output([SHOAL, "local", "env", "--state", service.state_dir], text=True)
    variables = dict(re.findall(r"^export (\w+)='(.*)'$", exports, re.MULTILINE))
    answer = subprocess.run(
        [sys.executable, CLIENT], env=os.environ | variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "1000 tasks ran; the last one printed: hello 999\n"
