"""How Pulumi's engine and a plugin meet: the plugin prints its port, and serves until it is told to end."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from shoal.deploy.orphans import when_orphaned

THREADS = 32
UNLIMITED = -1
ENDING = (signal.SIGINT, signal.SIGTERM)


def plugin_server() -> grpc.Server:
    """Leaves the signals by which the engine ends a plugin to `serve`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # before gRPC starts threads, which inherit it
    sizes = [("grpc.max_receive_message_length", UNLIMITED), ("grpc.max_send_message_length", UNLIMITED)]
    return grpc.server(ThreadPoolExecutor(THREADS), options=sizes)


def serve(server: grpc.Server) -> None:
    """Until SIGINT, SIGTERM or the engine's end. Nothing else may be written to stdout, nor anything at the end."""
    when_orphaned(lambda: os.kill(os.getpid(), signal.SIGTERM))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    signal.sigwait(ENDING)
    server.stop(grace=None).wait()


def engine_address(arguments: list[str]) -> str:
    """The engine gives its own address among flags for logging."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")
