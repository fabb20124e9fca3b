"""Files of macros that the templates of a job file may call."""

from collections.abc import Set
from pathlib import Path
from typing import TypeGuard

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.document import Document
from shoal.jobs.file.draft import Draft
from shoal.jobs.file.mistakes import Mistakes
from shoal.jobs.file.spec import RESERVED_NAMES
from shoal.jobs.file.templates import Names

KEY = "macros"
MAX_BYTES = 1_000_000


def macros_of(draft: Draft, taken: Names) -> dict[str, object]:
    """Return the macros by name. Mistakes go to the draft, those of the key's form to the check of the whole file."""
    found: dict[str, object] = {}
    for file in macro_files(draft.document):
        try:
            macros = templates.macros(_text(draft.document.path.parent / file), Path(file))
            _refuse_taken(macros, taken.keys() | RESERVED_NAMES | found.keys(), file)
        except Mistakes as exc:
            draft.refuse_found([KEY], exc.mistakes)
        except BadInput as exc:
            draft.refuse([KEY], str(exc))
        else:
            found |= macros
    return found


def macro_files(document: Document) -> list[str]:
    """Return the names of the files with macros, relative to the job file."""
    files = document.value.get(KEY, [])
    return list(filter(_is_text, files if isinstance(files, list) else [files]))


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _refuse_taken(macros: Names, taken: Set[str], file: str) -> None:
    for name in sorted(macros.keys() & taken):
        raise BadInput(f"{file}: the macro '{name}' has the name of a parameter, another macro or a built-in")


def _text(path: Path) -> str:
    try:
        if not path.exists():
            raise BadInput(f"there is no file {path}")
        if not path.is_file():
            raise BadInput(f"{path} is not a file")  # reading a pipe would wait for ever
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is larger than {MAX_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise BadInput(f"{str(path)!r} cannot be read: {exc}") from exc
