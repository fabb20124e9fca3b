"""A project of a user's own, made from the files in `shoal/project_template`.

Files that end in `.j2` are rendered, with `[[ … ]]` for values so that the braces of job files and workflows stay;
all others are copied. Pulumi.yaml, the files for CI and the policy pack are the package's own, linked there: nothing
stands twice.
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

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Source: ValidateProjectName of Pulumi's sdk/go/common/tokens; and PROJECT-STACK, a resource group, has 90 at most."""
EXTRAS = frozenset({"local", "policy"})
"""What the tests and the policy pack of a project need of the package."""
TEMPLATE = ".j2"
SCRIPT = "#!"
UNPACKED = "__pycache__"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    name: str
    directory: Path
    files: list[str]
    """Relative to the directory, in order."""


def make_project(directory: Path) -> NewProject:
    """Whole or not at all; the directory's name is the project's. Raises BadInput."""
    directory = directory.resolve()
    _refuse(directory)
    try:
        written = _make(directory)
    except OSError as exc:
        raise BadInput(f"{directory} cannot be written: {exc.strerror}; nothing was written") from exc
    return NewProject(name=directory.name, directory=directory, files=sorted(path.as_posix() for path in written))


def _refuse(directory: Path) -> None:
    if not NAME.fullmatch(directory.name):
        raise BadInput(
            f"'{directory.name}' cannot name a project: at most 80 letters, digits, hyphens, underscores and periods, "
            "a letter or a digit first"
        )
    if not directory.parent.is_dir():
        raise BadInput(f"there is no directory {directory.parent}")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BadInput(f"{directory} exists already and is not an empty directory; nothing was written")


def _make(directory: Path) -> list[Path]:
    """The files, relative to the directory. An empty one is filled, not replaced: a shell may stand in it."""
    there = directory.is_dir()
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory if there else directory.parent))
    try:
        written = [_write(source, draft / path, directory.name) for path, source in _template()]
        if there:
            _fill(directory, draft)
        else:
            draft.chmod(0o755)
            draft.rename(directory)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return [path.relative_to(draft) for path in written]


def _fill(directory: Path, draft: Path) -> None:
    for entry in list(draft.iterdir()):
        entry.rename(directory / entry.name)
    draft.rmdir()


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
        # in quotes, because 2026 and true name projects too
        text = re.sub(r"^name: .*$", f'name: "{project}"', text, count=1, flags=re.MULTILINE)
    if target.suffix == TEMPLATE:
        target, text = target.with_suffix(""), _rendered(text, project)
    target.write_text(text, encoding="utf-8")
    if text.startswith(SCRIPT):
        target.chmod(0o755)  # a wheel may have lost it
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
    requirements = pinned_requirements("shoal", EXTRAS)
    return environment.from_string(text).render(project=project, requirements=requirements)
