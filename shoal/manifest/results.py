"""Adds the checksums of a run's results to its manifest, once all of them were fetched."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.manifest.manifest import Manifest, from_text, to_text
from shoal.manifest.storage import store, stored_manifest
from shoal.runs.file_checksums import current_checksums


def note_results(services: Services, run: str, folder: Path, files: Iterable[str]) -> Manifest | None:
    """Write the manifest of a run beside the folder of its results, and store it again.

    Returns None for a run without a manifest: another client submitted it, or an early version of shoal.
    """
    manifest = stored_manifest(services, run)
    if manifest is None:
        return None
    noted = replace(manifest, results=checksums(folder, files))
    if noted != manifest:
        store(services, noted)
    write_beside(folder, noted)
    return noted


def manifest_file(folder: Path) -> Path:
    """Return the place of the manifest of the results in a folder: beside it, as programs read all that is in it."""
    return folder.resolve().with_name(f"{folder.resolve().name}-manifest.json")


def write_beside(folder: Path, manifest: Manifest) -> None:
    """Write the file. One of an earlier run gets a name with the id of that run."""
    target = manifest_file(folder)
    part = target.with_name(f".{target.name}.part")
    try:
        _keep_earlier(target, manifest)
        part.write_bytes(to_text(manifest))
        part.replace(target)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise WorkFailed(f"{target} cannot be written: {exc.strerror}; the results are fetched") from exc


def _keep_earlier(target: Path, manifest: Manifest) -> None:
    try:
        earlier = from_text(target.read_bytes(), str(target))
    except (FileNotFoundError, BadInput):
        return
    if earlier.run_id != manifest.run_id:
        target.replace(target.with_name(f"{target.stem}.{earlier.run_id}.json"))


def checksums(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the outputs STAGE/TASK/FILE that are there."""
    there = sorted(name for name in files if name.count("/") >= 2 and (folder / name).is_file())
    return current_checksums(folder, there)
