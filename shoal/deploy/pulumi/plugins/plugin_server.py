"""The server of a plugin for Pulumi's engine: it prints its port, and serves until the engine ends it."""

import os
import signal
import sys

import grpc

from shoal.deploy.grpc_server import grpc_server
from shoal.process_lifetime import when_orphaned

ENDING = (signal.SIGINT, signal.SIGTERM)


def plugin_server() -> grpc.Server:
    """Return a server; the signals by which the engine ends a plugin are blocked, and left to `serve`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # before gRPC starts threads, which inherit it
    return grpc_server()


def serve(server: grpc.Server) -> None:
    """Serve until SIGINT, SIGTERM or the engine's end. Only the port may be written to stdout."""
    when_orphaned(lambda: os.kill(os.getpid(), signal.SIGTERM))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    signal.sigwait(ENDING)
    server.stop(grace=None).wait()


def engine_address(arguments: list[str]) -> str:
    """Return the engine's address, which it passes among flags for logging."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")
