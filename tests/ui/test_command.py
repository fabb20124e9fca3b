"""The command `shoal ui` as a process."""

import http.client
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import environment_variables, shoal


def test_command_prints_its_address_serves_and_ends_in_order_at_an_interrupt(
    service: Status, project: Path, environment: Environment
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "shoal", "ui", "-s", environment.stack, "--no-open"],
        cwd=project,
        env=environment_variables(service),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=20)
        connection.request("GET", f"/?{address.query}")
        answer = connection.getresponse()
        assert answer.status == 303
        answer.read()
        cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        connection.request("GET", "/events?page=/", headers={"Cookie": cookie})
        events = connection.getresponse()
        assert events.readline() == b"event: document\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stdout.readline().startswith("opened; for another browser: http://127.0.0.1:")
        assert process.stderr.read() == ""
        connection.close()


def test_port_that_is_taken_is_bad_input(service: Status, project: Path, environment: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = shoal(service, project, "ui", "-s", environment.stack, "--no-open", "--port", str(port))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"error: port {port} cannot be used: Address already in use; choose another one" in ended.stderr
