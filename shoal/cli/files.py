"""`shoal files`: the files of a node or of a task, listed, printed and downloaded."""

import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment
    from shoal.nodes.files import FilesOf

NODE_BEGINNING = "tvm"
"""Beginning of the ids of Batch's nodes, and of no job that somebody would name."""


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="{NODE | JOB TASK} [PATH]")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the file there, or the files below PATH into this directory."
)
@options.of_environment
@options.as_json
def files(words: tuple[str, ...], out: Path | None, environment: "Environment", as_json: bool) -> None:
    """List the files of a node or of a task, or print one.

    NODE is an id that begins with tvm, or its shortened form. With a PATH that is a file, prints the file; with a
    directory, lists what is below it.
    """
    from shoal.connect import connected
    from shoal.nodes.files import below, is_file

    owner, path = split(words)
    with connected(environment) as services:
        found = _files(services, owner)
        rows = found.rows if path is None else below(found, path)
        if out is not None:
            _download(services, found, path, out)
        elif path is not None and is_file(rows, path) and not as_json:
            _print(services, found, path)
        else:
            output.emit_rows(rows, "files", as_json=as_json)


def split(words: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Return the node, or the job and the task, and the path."""
    names = 1 if words[0].lower().startswith(NODE_BEGINNING) else 2
    if not names <= len(words) <= names + 1:
        raise click.UsageError("give a NODE, or a JOB and a TASK, and at most one PATH")
    return words[:names], words[names] if len(words) > names else None


def _files(services: "Services", owner: tuple[str, ...]) -> "FilesOf":
    from shoal.nodes.files import files_of_node, files_of_task
    from shoal.nodes.node_lookup import find_node

    if len(owner) == 1:
        return files_of_node(services, find_node(services, owner[0]))
    return files_of_task(services, owner[0], owner[1])


def _print(services: "Services", found: "FilesOf", path: str) -> None:
    from shoal.nodes.files import below, read

    (row,) = below(found, path)
    read(services, found, row, sys.stdout.buffer)


def _download(services: "Services", found: "FilesOf", path: str | None, out: Path) -> None:
    """Write one file to `out`, or each file below the path into it, by its path from there."""
    from shoal.nodes.files import below, is_file, read, whole_file

    rows = found.rows if path is None else below(found, path)
    single = path is not None and is_file(rows, path)
    written = 0
    for row in rows:
        if row.size_bytes is not None:
            target = out if single else out / relative(row.path, path)
            with whole_file(target) as content:
                read(services, found, row, content)
            written += 1
    click.echo(f"{output.counted(written, 'file')} in {out}", err=True)


def relative(name: str, path: str | None) -> PurePosixPath:
    """Return the path of a file from a directory of its owner. Raises BadInput where it would lead out of it."""
    from shoal.errors import BadInput

    found = PurePosixPath(name).relative_to((path or "").strip("/"))
    if ".." in found.parts or found.is_absolute():
        raise BadInput(f"file '{name}' would be written outside of the directory")
    return found
