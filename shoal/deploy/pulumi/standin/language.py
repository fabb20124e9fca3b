# ruff: noqa: N802 - gRPC names the methods
"""The language host: runs the Python program of a project for Pulumi's engine, in this process.

Source: the SDK runs inline programs by the same server; what it lacks for programs on disk is added here.
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
from shoal.deploy.pulumi.standin.plugins import run_plugin
from shoal.deploy.pulumi.standin.serving import engine_address, plugin_server, serve


class LanguageHost(LanguageServer):
    """One program is run in a process: the engine starts a host for each operation."""

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
        request.args[:] = [self._engine]
        try:
            response: language_pb2.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]  # as it is
        except Exception as exc:  # noqa: BLE001 - what a program raises in an `apply` passes through, reported already
            return language_pb2.RunResponse(error=str(exc))
        return response

    def InstallDependencies(
        self, _request: language_pb2.InstallDependenciesRequest, _context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Programs and plugins run with the Python of this host, which has what they need."""
        return iter(())

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        return run_plugin(request, context)

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:
        """The engine ends the process after this."""
        return Empty()


def main() -> None:
    server = plugin_server()
    host = LanguageHost(engine_address(sys.argv[1:]))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    serve(server)


if __name__ == "__main__":
    main()
