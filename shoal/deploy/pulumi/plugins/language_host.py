# ruff: noqa: N802 - gRPC names the methods
"""The language host: it runs a project's Python program for Pulumi's engine, in this process.

Source: the SDK's own server for inline programs; this adds what programs on disk need beside.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from shoal.deploy.program import execute
from shoal.deploy.pulumi.plugins.plugin_process import run_plugin
from shoal.deploy.pulumi.plugins.plugin_server import engine_address, plugin_server, serve


class LanguageHost(LanguageServer):
    """Runs one program: the engine starts a host for each operation."""

    def __init__(self, engine: str) -> None:
        super().__init__(program=lambda: None)
        self._engine = engine

    def Handshake(
        self, _request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        directory = Path(request.info.program_directory)
        os.chdir(directory)
        self.program = lambda: execute(directory / request.info.entry_point, directory)
        # The SDK's server takes the engine's address from here; an engine passes it on the command line instead.
        request.args[:] = [self._engine]
        try:
            response: language_pb2.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]  # as it is
        except Exception as exc:  # noqa: BLE001 - the error of an `apply`, which the engine has reported already
            return language_pb2.RunResponse(error=str(exc))
        return response

    def InstallDependencies(
        self, _request: language_pb2.InstallDependenciesRequest, _context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: programs and plugins run with the Python of this host, which has what they need."""
        return iter(())

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        return run_plugin(request, context)

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:
        """Do nothing: the engine ends the process next."""
        return Empty()


def main() -> None:
    server = plugin_server()
    host = LanguageHost(engine_address(sys.argv[1:]))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    serve(server)


if __name__ == "__main__":
    main()
