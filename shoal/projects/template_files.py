"""The files from which `shoal init` makes a project.

`shoal/projects/template` has what all projects have. `task_templates/NAME` has the job of a template, its application
and its tests, laid out as in a project. What Shoal's own repository uses itself (Pulumi.yaml, the program, the policy
pack, the example) stands once, where it is used. The build of a wheel copies all of these into the package; in a clone
they are read from there, by the same list in `pyproject.toml`.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

EVERY_PROJECT = Path(__file__).parent / "template"
INSTALLED_TEMPLATES = Path(__file__).parent / "task_templates"
CLONE = Path(__file__).parents[2]
DEFAULT = "sweep"
DESCRIPTION = "template.yaml"
"""Describes a template; no file of a project."""
COMPILED = "__pycache__"


def template_names() -> list[str]:
    return sorted(path.parent.name for path in templates_folder().glob(f"*/{DESCRIPTION}"))


def template_files(template: str = DEFAULT) -> list[tuple[str, Path]]:
    """Return each file's path within a project, with where it is read from."""
    files = dict(_layer(EVERY_PROJECT, EVERY_PROJECT))
    files |= _layer(templates_folder() / template, INSTALLED_TEMPLATES / template)
    return sorted((path, source) for path, source in files.items() if path != DESCRIPTION)


def template_file(path: str) -> Path:
    """Return where one file of a project is read from. Raises KeyError where the template has no such file."""
    return dict(template_files())[path]


def templates_folder() -> Path:
    return INSTALLED_TEMPLATES if INSTALLED_TEMPLATES.is_dir() else CLONE / "task_templates"


def _layer(folder: Path, installed: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder, and those that a wheel has there and a clone elsewhere."""
    yield from _files("", folder)
    if INSTALLED_TEMPLATES.is_dir():
        return
    within = installed.relative_to(CLONE).as_posix() + "/"
    for source, target in _copied().items():
        if target.startswith(within):
            yield from _files(target.removeprefix(within), CLONE / source)


@cache
def _copied() -> dict[str, str]:
    """Return the places of copied files in a wheel, by their places in the clone."""
    build = tomllib.loads((CLONE / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    copied: dict[str, str] = build["targets"]["wheel"]["hooks"]["custom"]["installed-as"]
    return copied


def _files(path: str, source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_file():
        yield path, source
        return
    for entry in source.iterdir():
        if entry.name != COMPILED:
            yield from _files(f"{path}/{entry.name}".removeprefix("/"), entry)
