"""The files from which `shoal init` makes a project.

Most stand in `shoal/projects/template`. What a project shares with Shoal's own repository (Pulumi.yaml, the program,
the policy pack, the storage emulator's lock file) stands once, at the top of the repository. The build of a wheel
copies these into the template; in a clone they are read from there, by the same list in `pyproject.toml`.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"
CLONE = Path(__file__).parents[2]
COMPILED = "__pycache__"


def template_files() -> list[tuple[str, Path]]:
    """Return each file's path within a project, with where it is read from."""
    sources = {"": TEMPLATE, **_shared()}
    return sorted(pair for path, source in sources.items() for pair in _files(path, source))


def template_file(path: str) -> Path:
    """Return where one file of a project is read from. Raises KeyError where the template has no such file."""
    return dict(template_files())[path]


def _shared() -> dict[str, Path]:
    """Return what a clone keeps at its top, by its path within a project; a wheel has it in the template."""
    if (TEMPLATE / "Pulumi.yaml").is_file():
        return {}
    build = tomllib.loads((CLONE / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    within = TEMPLATE.relative_to(CLONE).as_posix() + "/"
    copied = build["targets"]["wheel"]["hooks"]["custom"]["installed-as"]
    return {
        target.removeprefix(within): CLONE / source for source, target in copied.items() if target.startswith(within)
    }


def _files(path: str, source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_file():
        yield path, source
        return
    for entry in source.iterdir():
        if entry.name != COMPILED:
            yield from _files(f"{path}/{entry.name}".removeprefix("/"), entry)
