"""`shoal init`: a project of one's own."""

from pathlib import Path

import click

from shoal.cli import options


@click.command()
@click.argument("directory", metavar="PROJECT", type=click.Path(path_type=Path))
@options.as_json
def init(directory: Path, as_json: bool) -> None:
    """Make a project in the directory PROJECT: stacks, an application, a job, tests and files for CI, all pinned.

    In a directory that has files already, `.` for instance, only what is missing is added.
    """
    from shoal.cli.output import emit_json
    from shoal.projects.new_project import make_project

    made = make_project(directory)
    if as_json:
        answer = {"project": made.name, "directory": str(made.directory), "files": made.files, "kept": made.kept}
        emit_json(answer)
        return
    for file in made.files:
        click.echo(f" +  {file}")
    for file in made.kept:
        click.echo(f" =  {file} (was there already; left as it is)")
    if made.kept:
        click.echo("\nTo compare a file that was left with Shoal's, run `shoal init` in an empty directory.")
    click.echo(f"\nProject {made.name} is in {made.directory}. There, `make test` sets it up and tries it out.")
