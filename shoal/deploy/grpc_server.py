"""The gRPC server of the embedded engine's monitor and of plugins for Pulumi's engine."""

from concurrent.futures import ThreadPoolExecutor

import grpc

# A registration occupies a thread while ARM works: this many resources are made side by side.
THREADS = 32
UNLIMITED = -1


def grpc_server() -> grpc.Server:
    # gRPC's own limit of 4 MB is small for a resource with large inputs.
    sizes = [("grpc.max_receive_message_length", UNLIMITED), ("grpc.max_send_message_length", UNLIMITED)]
    return grpc.server(ThreadPoolExecutor(THREADS), options=sizes)
