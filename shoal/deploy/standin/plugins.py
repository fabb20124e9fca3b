"""A plugin that is a Python program, such as a package of components: run in a process of its own for the engine."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from queue import Queue
from threading import Thread
from typing import IO

import grpc
from pulumi.runtime.proto import language_pb2

Line = language_pb2.RunPluginResponse


def run_plugin(request: language_pb2.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[Line]:
    """What it prints, line by line, and at last its exit code; it ends when the engine wants it no longer."""
    plugin = subprocess.Popen(
        [sys.executable, "-u", request.info.program_directory, *request.args],
        cwd=request.pwd,
        env=dict(variable.split("=", 1) for variable in request.env) or dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    context.add_callback(plugin.terminate)
    yield from _lines(plugin)
    yield Line(exitcode=plugin.wait())


def _lines(plugin: subprocess.Popen[bytes]) -> Iterator[Line]:
    lines: Queue[Line | None] = Queue()

    def read(stream: IO[bytes] | None, line: Callable[[bytes], Line]) -> None:
        for text in stream or ():
            lines.put(line(text))
        lines.put(None)

    readers = [
        Thread(target=read, args=(plugin.stdout, lambda text: Line(stdout=text))),
        Thread(target=read, args=(plugin.stderr, lambda text: Line(stderr=text))),
    ]
    for reader in readers:
        reader.start()
    for _ in readers:
        yield from iter(lines.get, None)
    for reader in readers:
        reader.join()
