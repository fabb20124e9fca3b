"""Snakemake, unmodified, but for where its Azure Batch executor finds ARM and the account: ARM_ENDPOINT ARGUMENTS.

The executor takes no other address of ARM than Azure's own, and reads the account's name from the host of its address,
such as `shoal.localhost`, which not every machine resolves.
"""

# mypy: ignore-errors
# Snakemake and the client are installed in an environment of their own.

import functools
import socket
import sys

from azure.mgmt import batch

resolved = socket.getaddrinfo


def resolved_here(host, *args, **kwargs):
    local = isinstance(host, str) and host.endswith(".localhost")
    return resolved("127.0.0.1" if local else host, *args, **kwargs)


def main(endpoint: str, arguments: list[str]) -> None:
    socket.getaddrinfo = resolved_here
    batch.BatchManagementClient = functools.partial(
        batch.BatchManagementClient, base_url=endpoint, credential_scopes=[f"{endpoint}/.default"]
    )
    from snakemake.cli import main as snakemake

    snakemake(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
