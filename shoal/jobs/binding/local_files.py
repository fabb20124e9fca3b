"""Input files beside the job file, named by their content, so that each is uploaded once."""

import hashlib
from io import BufferedReader
from pathlib import Path

from shoal.jobs.file.templates import Place


class LocalFiles:
    """The files that rendered tasks read, and their blob names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.blobs: dict[Path, str] = {}
        self.sizes: dict[str, int] = {}
        """Bytes by blob name."""

    def blob(self, name: str, place: Place) -> str:
        """Return the blob name of a file. Raises BadInput where the file is missing."""
        path = self._folder / name
        if path not in self.blobs:
            digest, size = _read(path, place)
            self.blobs[path] = f"{digest}/{path.name}"
            self.sizes[self.blobs[path]] = size
        return self.blobs[path]


def input_hash(content: BufferedReader) -> str:
    """Return the hash with which the name of an input's blob begins; the content is read to its end."""
    return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def _read(path: Path, place: Place) -> tuple[str, int]:
    """Return the hash of a file's content, and its size."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise place.mistake(f"the input {path} is not a file")  # reading a pipe would wait for ever
        with path.open("rb") as content:
            return input_hash(content), content.tell()
    except FileNotFoundError as exc:
        raise place.mistake(f"the input file {path} does not exist") from exc
    except ValueError as exc:  # a null byte, or half of a surrogate pair
        raise place.mistake(f"the input {str(path)!r} is no name of a file") from exc
    except OSError as exc:
        raise place.mistake(f"the input {path} cannot be read: {exc.strerror}") from exc
