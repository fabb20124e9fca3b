"""The process of a plugin written in Python, a component package or a policy pack; its output goes to the engine.

Source: Pulumi's language host for Python runs a package by its directory, and a policy pack by the SDK's module
`pulumi.policy` with the engine's address and the pack's directory. Both print the port they listen at.
"""

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator

import grpc
from pulumi.runtime.proto import language_pb2

POLICY_PACK = "analyzer"
"""The engine's word for a policy pack."""
CHUNK_BYTES = 65536


def run_plugin(
    request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
) -> Iterator[language_pb2.RunPluginResponse]:
    """Run the plugin until it ends or the engine cancels the call, and yield what it prints."""
    with subprocess.Popen(
        # -u: the engine waits for the port on stdout, which must not stay in a buffer.
        [sys.executable, "-u", "-P", *_arguments(request)],
        cwd=request.pwd,
        env=dict(setting.split("=", 1) for setting in request.env) or None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        # Not SIGTERM: it is blocked in this process, and a child inherits that.
        if not context.add_callback(process.kill):  # False: the call has ended already
            process.kill()
        yield from _printed(process)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _arguments(request: language_pb2.RunPluginRequest) -> list[str]:
    directory = request.info.program_directory
    if request.kind == POLICY_PACK:
        return ["-m", "pulumi.policy", *request.args, directory]
    return [directory, *request.args]


def _printed(process: subprocess.Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    with selectors.DefaultSelector() as open_pipes:
        for pipe in filter(None, (process.stdout, process.stderr)):
            open_pipes.register(pipe, selectors.EVENT_READ)
        while open_pipes.get_map():
            for key, _ in open_pipes.select():
                # Not the file's own read(), which would wait for a full chunk.
                data = os.read(key.fd, CHUNK_BYTES)
                if not data:
                    open_pipes.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    yield language_pb2.RunPluginResponse(stdout=data)
                else:
                    yield language_pb2.RunPluginResponse(stderr=data)
