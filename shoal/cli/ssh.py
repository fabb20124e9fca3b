"""`shoal ssh`: a shell on a node."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options, output
from shoal.errors import BadInput

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.nodes.node_lookup import FoundNode


@click.command()
@click.argument("node_text", metavar="NODE", shell_complete=completion.nodes)
@click.option("--user", default="shoal", show_default=True, help="Name of the user that is made on the node.")
@click.option("--admin", is_flag=True, help="The user may become root.")
@click.option("--print", "only_print", is_flag=True, help="Print the command instead of running it.")
@options.of_environment
@options.as_json
def ssh(node_text: str, user: str, admin: bool, only_print: bool, environment: "Environment", as_json: bool) -> None:
    """Open a shell on NODE, or print how to log in.

    In Azure, makes a user on the node with your public key from ~/.ssh for eight hours and runs ssh. Without a
    terminal, or with --print, prints the command. On this machine, nodes are processes: opens a shell in the node's
    directory, or prints the directory.
    """
    from shoal.connect import connected
    from shoal.nodes.node_lookup import find_node

    interactive = sys.stdin.isatty() and sys.stdout.isatty() and not (only_print or as_json)
    with connected(environment) as services:
        node = find_node(services, node_text)
        if environment.is_embedded:
            directory, command = _directory(node), [os.environ.get("SHELL", "/bin/sh")]
        else:
            directory, command = None, _login(services, node, user, admin=admin, only_print=only_print)
    if as_json:
        output.emit_json({"node_id": node.id, "command": command, "directory": directory and str(directory)})
    elif interactive:
        _become(command, directory)
    else:
        click.echo(shlex.join(command) if directory is None else str(directory))


def _directory(node: "FoundNode") -> Path:
    """Return the directory of a node of the embedded service, and print that it is no machine of its own."""
    from shoal.service_status import default_state_dir

    click.echo(f"node {node.id} is a process of this machine, with a directory of its own", err=True)
    directory = default_state_dir() / "nodes" / node.id
    if not directory.is_dir():
        raise BadInput(f"node {node.id} has no directory yet: it is {node.state}")
    return directory


def _login(services: "Services", node: "FoundNode", user: str, *, admin: bool, only_print: bool) -> list[str]:
    from shoal.environment import OperatingSystem
    from shoal.nodes.remote_login import add_user, public_key, remote_login

    if services.environment.pools[node.pool].operating_system is OperatingSystem.WINDOWS:
        raise BadInput(f"node {node.id} runs Windows, which takes no ssh; connect by remote desktop from the portal")
    login = remote_login(services, node, user)
    if not only_print:
        add_user(services, node, user, public_key(Path.home() / ".ssh"), is_admin=admin)
        click.echo(f"made user {user} on node {node.id} for eight hours", err=True)
    return login.command


def _become(command: list[str], directory: Path | None) -> None:
    """Run the command instead of this one. Raises BadInput where there is no such program."""
    if shutil.which(command[0]) is None:
        raise BadInput(f"there is no {command[0]} on the PATH; run elsewhere: {shlex.join(command)}")
    if directory is not None:
        os.chdir(directory)
    sys.stdout.flush()
    os.execvp(command[0], command)
