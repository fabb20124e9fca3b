"""A new project, made from the template's files in an empty directory or in one that has files already.

Files that end in `.j2` are rendered, with `[[ … ]]` for values so that the braces of job files and workflows stay; all
others are copied. An existing file is never overwritten.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from jinja2 import Environment, StrictUndefined

from shoal.errors import BadInput
from shoal.projects.pins import pinned_requirements
from shoal.projects.project import PROJECT_FILE
from shoal.projects.template_files import DEFAULT, template_files
from shoal.projects.templates import Template, find_template

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Source: ValidateProjectName of Pulumi's sdk/go/common/tokens. At most 80 characters, since PROJECT-STACK names a
resource group, which has at most 90."""
EXTRAS = frozenset({"local", "policy"})
"""Extras of the package that a project's tests and policy pack need."""
RENDERED = ".j2"
SCRIPT = "#!"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    name: str
    template: str
    directory: Path
    files: list[str]
    """Files that were written, relative to the directory, sorted."""
    kept: list[str]
    """Files of the template that existed already and were left unchanged, sorted."""


def make_project(directory: Path, template: str = DEFAULT) -> NewProject:
    """Write the template's files that the directory lacks: all of them, or none if something fails.

    The project is named as its `Pulumi.yaml` says if there is one, else as the directory. Raises BadInput.
    """
    directory = directory.resolve()
    chosen = find_template(template)
    _refuse(directory)
    name = _name(directory)
    files = [path.removesuffix(RENDERED) for path, _ in template_files(template)]
    kept = [path for path in files if (directory / path).exists()]
    _refuse_blocked(directory, files)
    try:
        _make(directory, name, chosen, kept=set(kept))
    except OSError as exc:
        raise BadInput(f"{directory} cannot be written: {exc.strerror}; nothing was written") from exc
    written = [path for path in files if path not in kept]
    return NewProject(name=name, template=template, directory=directory, files=sorted(written), kept=sorted(kept))


def _refuse(directory: Path) -> None:
    if not directory.parent.is_dir():
        raise BadInput(f"there is no directory {directory.parent}")
    if directory.exists() and not directory.is_dir():
        raise BadInput(f"{directory} exists already and is not a directory; nothing was written")


def _name(directory: Path) -> str:
    there = directory / PROJECT_FILE
    name, origin = (_declared_name(there), f" (name in {there})") if there.is_file() else (directory.name, "")
    if not NAME.fullmatch(name):
        raise BadInput(
            f"'{name}' cannot name a project{origin}: at most 80 letters, digits, hyphens, underscores and periods, "
            "a letter or a digit first"
        )
    return name


def _declared_name(file: Path) -> str:
    try:
        declared = yaml.safe_load(file.read_text())
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else "?"
        raise BadInput(f"{file} line {line}: {exc.problem}; nothing was written") from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise BadInput(f"{file} cannot be read: {exc}; nothing was written") from exc
    if not isinstance(declared, dict) or "name" not in declared:
        raise BadInput(f"{file} has no key `name`; add it, or remove the file; nothing was written")
    return str(declared["name"])


def _refuse_blocked(directory: Path, files: list[str]) -> None:
    """Refuse a file where a folder is needed, or the other way round: it would leave half a project."""
    for path in files:
        folders = (directory / path).parents[: path.count("/")]
        if blocked := next((folder for folder in folders if folder.exists() and not folder.is_dir()), None):
            raise BadInput(f"{blocked} is a file, and the project needs a folder of that name; nothing was written")
        if (directory / path).is_dir():
            raise BadInput(
                f"{directory / path} is a folder; the project needs a file of that name; nothing was written"
            )


def _make(directory: Path, name: str, template: Template, *, kept: set[str]) -> None:
    """Write the project next to its place and move it there. An existing directory is filled, not replaced."""
    if not directory.is_dir():
        with _draft(directory.parent, directory.name) as draft:
            _write_all(draft, name, template, kept=kept)
            draft.chmod(0o755)
            draft.rename(directory)
        return
    with _draft(directory, directory.name) as draft:
        _fill(directory, draft, _write_all(draft, name, template, kept=kept))


@contextmanager
def _draft(parent: Path, name: str) -> Iterator[Path]:
    """Yield a temporary folder on the same file system, from which files can be moved into place."""
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=parent))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_all(draft: Path, name: str, template: Template, *, kept: set[str]) -> list[str]:
    """Return the paths of the files that were written."""
    files = template_files(template.name)
    missing = [(path, source) for path, source in files if path.removesuffix(RENDERED) not in kept]
    for path, source in missing:
        _write(source, draft / path, name, template)
    return [path.removesuffix(RENDERED) for path, _ in missing]


def _fill(directory: Path, draft: Path, files: list[str]) -> None:
    """Move the files into place. If one cannot be moved, remove those that were moved and the folders made for them."""
    made: list[Path] = []
    try:
        for file in files:
            target = directory / file
            made += _make_folders(target.parent)
            made.append((draft / file).rename(target))
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and the missing ones above it; return those that were made, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()][::-1]
    for path in missing:
        path.mkdir()
    return missing


def _write(source: Path, target: Path, project: str, template: Template) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text(encoding="utf-8")
    if target.name == PROJECT_FILE:
        # quoted, because 2026 and true are valid names of projects
        text = re.sub(r"^name: .*$", f'name: "{project}"', text, count=1, flags=re.MULTILINE)
    if target.suffix == RENDERED:
        target, text = target.with_suffix(""), _rendered(text, project, template)
    target.write_text(text, encoding="utf-8")
    if text.startswith(SCRIPT):
        target.chmod(0o755)  # a wheel may have lost the permission


def _rendered(text: str, project: str, template: Template) -> str:
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
    return environment.from_string(text).render(project=project, template=template, requirements=requirements)
