"""A project of a user's own, made from the files in `shoal/project_template`.

Files that end in `.j2` are rendered, with `[[ … ]]` for values so that the braces of job files and workflows stay;
all others are copied. Pulumi.yaml is the package's own under another name: the defaults of the configuration stand
nowhere else.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from shoal.deploy.pins import pinned_requirements
from shoal.deploy.project import PROJECT_FILE
from shoal.errors import BadInput

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""Source: Pulumi's sdk/go/common/tokens, ValidateProjectName."""
TEMPLATE = ".j2"
UNPACKED = "__pycache__"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    name: str
    directory: Path
    files: list[str]
    """Relative to the directory, in order."""


def make_project(directory: Path) -> NewProject:
    """Whole or not at all; the directory's name is the project's. Raises BadInput."""
    directory = directory.absolute()
    _refuse(directory)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        written = [_write(source, draft / path, directory.name) for path, source in _template()]
        draft.chmod(0o755)
        draft.rename(directory)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return NewProject(
        name=directory.name,
        directory=directory,
        files=sorted(path.relative_to(draft).as_posix() for path in written),
    )


def _refuse(directory: Path) -> None:
    if not NAME.fullmatch(directory.name):
        raise BadInput(
            f"'{directory.name}' cannot name a project: at most 100 letters, digits, hyphens, underscores and periods"
        )
    if not directory.parent.is_dir():
        raise BadInput(f"there is no directory {directory.parent}")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BadInput(f"{directory} exists already and is not an empty directory; nothing was written")


def _template() -> list[tuple[str, Traversable]]:
    return list(_walk(files("shoal") / "project_template", ""))


def _walk(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_file():
            yield f"{path}{entry.name}", entry
        elif entry.name != UNPACKED:
            yield from _walk(entry, f"{path}{entry.name}/")


def _write(source: Traversable, target: Path, project: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text(encoding="utf-8")
    if target.name == PROJECT_FILE:
        text = re.sub(r"^name: .*$", f"name: {project}", text, count=1, flags=re.MULTILINE)
    if target.suffix == TEMPLATE:
        target, text = target.with_suffix(""), _rendered(text, project)
    target.write_text(text, encoding="utf-8")
    return target


def _rendered(text: str, project: str) -> str:
    environment = Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    requirements = pinned_requirements("shoal", frozenset({"local"}))
    return environment.from_string(text).render(project=project, requirements=requirements)
