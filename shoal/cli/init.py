"""`shoal init`: a new project from a template."""

from pathlib import Path

import click

from shoal.cli import options


def _list_templates(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    if not is_given:
        return
    from shoal.projects.templates import templates

    known = templates()
    width = max(len(template.name) for template in known)
    for template in known:
        click.echo(f"{template.name:<{width}}  {template.summary}")
    context.exit()


@click.command()
@click.argument("directory", metavar="PROJECT", type=click.Path(path_type=Path))
@click.option("--template", default="sweep", show_default=True, help="Job to begin with; --list names all of them.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_templates,
    help="List the templates, and exit.",
)
@options.as_json
def init(directory: Path, template: str, as_json: bool) -> None:
    """Create a project in the directory PROJECT.

    It has stacks, an application, a job, tests and CI files, with all versions pinned. In a directory that has files
    already, such as `.`, only missing files are added.
    """
    from shoal.cli.output import emit_json
    from shoal.projects.new_project import make_project

    made = make_project(directory, template)
    if as_json:
        answer = {"project": made.name, "directory": str(made.directory), "files": made.files, "kept": made.kept}
        emit_json({**answer, "template": made.template})
        return
    for file in made.files:
        click.echo(f" +  {file}")
    for file in made.kept:
        click.echo(f" =  {file} (exists; left unchanged)")
    if made.kept:
        click.echo("\nTo compare an unchanged file with Shoal's, run `shoal init` in an empty directory.")
    click.echo(f"\nProject {made.name} is in {made.directory}. Run `make test` there to set it up and try it.")
