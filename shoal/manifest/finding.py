"""Finds a manifest by the name that a person gives: a file, a job, or a run of a job as JOB.RUN."""

from collections.abc import Callable
from pathlib import Path

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.manifest.manifest import Manifest, from_text
from shoal.manifest.storage import stored_manifest
from shoal.runs.stored_run import folder_of_run

Connect = Callable[[], Services]


def find_manifest(name: str, connect: Connect) -> Manifest:
    """Raises BadInput where there is no such manifest. Connects for jobs only."""
    path = Path(name)
    if path.suffix == ".json" or path.is_file():
        return _read(path)
    services = connect()
    # Ids of jobs have no dot.
    folder = name if "." in name else folder_of_run(services, name)
    manifest = stored_manifest(services, folder)
    if manifest is None:
        raise BadInput(f"there is no manifest of {name}, neither a file nor one in storage")
    return manifest


def _read(path: Path) -> Manifest:
    try:
        return from_text(path.read_bytes(), str(path))
    except FileNotFoundError as exc:
        raise BadInput(f"{path} does not exist") from exc
    except OSError as exc:
        raise BadInput(f"{path} cannot be read: {exc.strerror}") from exc
