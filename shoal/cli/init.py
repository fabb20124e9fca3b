"""`shoal init`: a project of one's own."""

from pathlib import Path

import click

from shoal.cli import options


@click.command()
@click.argument("directory", metavar="PROJECT", type=click.Path(path_type=Path))
@options.as_json
def init(directory: Path, as_json: bool) -> None:
    """Make the directory PROJECT: stacks, an application, a job and tests, everything pinned."""
    from shoal.cli.output import emit_json
    from shoal.deploy.new_project import make_project

    made = make_project(directory)
    if as_json:
        emit_json({"project": made.name, "directory": str(made.directory), "files": made.files})
        return
    for file in made.files:
        click.echo(f" +  {file}")
    click.echo(f"\nProject {made.name} is in {made.directory}. There, `make test` sets it up and tries it out.")
