"""`shoal init`: a new project from the template."""

from pathlib import Path

import click

from shoal.cli import options


@click.command()
@click.argument("directory", metavar="PROJECT", type=click.Path(path_type=Path))
@options.as_json
def init(directory: Path, as_json: bool) -> None:
    """Create a project in the directory PROJECT.

    It has stacks, an application, a job, tests and CI files, with all versions pinned. In a directory that has files
    already, such as `.`, only missing files are added.
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
        click.echo(f" =  {file} (exists; left unchanged)")
    if made.kept:
        click.echo("\nTo compare an unchanged file with Shoal's, run `shoal init` in an empty directory.")
    click.echo(f"\nProject {made.name} is in {made.directory}. Run `make test` there to set it up and try it.")
