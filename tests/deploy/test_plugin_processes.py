"""Pulumi's engine may be killed: what it started for a program, and what that started, ends with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tests.waiting import wait_until

PLUGINS = ["language_host", "azure_native"]
PLUGIN = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that starts a plugin, prints its id and its port, and does nothing else."""
    start = f"{sys.executable} -m shoal.deploy.pulumi.plugins.{request.param} 127.0.0.1:1 & echo $!; wait"
    with subprocess.Popen(["sh", "-c", start], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def printed_number(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()


@pytest.mark.parametrize("engine", PLUGINS, indirect=True)
def test_started_plugin_ends_with_an_engine_that_is_killed(engine: subprocess.Popen[str]) -> None:
    plugin, _port = printed_number(engine), printed_number(engine)
    engine.kill()
    wait_until(lambda: not is_there(plugin))


@pytest.mark.parametrize("engine", ["language_host"], indirect=True)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_plugin_ends_with_the_engine(engine: subprocess.Popen[str], end: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(PLUGIN)
    host, port = printed_number(engine), printed_number(engine)
    request = language_pb2.RunPluginRequest(
        pwd=str(tmp_path), info=language_pb2.ProgramInfo(program_directory=str(tmp_path))
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        printed = language_pb2_grpc.LanguageRuntimeStub(channel).RunPlugin(request)
        plugin = int(next(iter(printed)).stdout)
        if end is signal.SIGKILL:
            engine.kill()
        else:
            os.kill(host, end)
        wait_until(lambda: not is_there(plugin) and not is_there(host))
