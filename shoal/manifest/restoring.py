"""Puts the job file of a manifest and the files that it names into a folder, as they were when it was submitted."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.binding.local_files import input_hash
from shoal.jobs.file.job_file import draft_job_file
from shoal.jobs.run_folder import schedule_of
from shoal.manifest.manifest import JobFileText, Manifest

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

SHOWN = 5


@contextmanager
def named_as_submitted(job_file: Path) -> Iterator[None]:
    """Name a restored job file and those beside it in messages as people know them, not by a temporary folder."""
    try:
        yield
    except BadInput as exc:
        raise BadInput(str(exc).replace(f"{job_file.parent}{os.sep}", "")) from exc


def restore(manifest: Manifest, services: Services, *, folder: Path, near: Path, job_file: Path | None) -> Path:
    """Return the place of the job file. Raises BadInput where files are gone.

    Files with the same content below `near` are linked; the others come from storage. `job_file` stands in for a text
    that secrets were taken out of.
    """
    # Deep enough for files that the job file names by `../`.
    names = (*manifest.inputs, *manifest.further_files)
    place = folder.joinpath(*["above"] * max(map(_levels_up, names), default=0), "job")
    place.mkdir(parents=True)
    _write(place / PurePosixPath(manifest.file.name).name, manifest.file, job_file)
    for name, file in manifest.further_files.items():
        if PurePosixPath(name).is_absolute():
            _require_unchanged(Path(name), file)
            continue
        beside = None if job_file is None else job_file.parent / name
        _write(place / name, file, beside if beside is not None and beside.is_file() else None)
    container = services.blobs.get_container_client(services.environment.containers.inputs)
    _refuse_missing(
        {name: blob for name, blob in manifest.inputs.items() if not _put(name, blob, place, near, container)}
    )
    return place / PurePosixPath(manifest.file.name).name


def _write(target: Path, file: JobFileText, instead: Path | None) -> None:
    """Write a file as the manifest has it, or as it is in another place. Raises BadInput where it lacks secrets."""
    if instead is None and not file.is_whole:
        raise BadInput(f"the manifest has {file.name} without the secrets in it; give the file with --file FILE")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.write_bytes(file.text.encode() if instead is None else instead.read_bytes())
    except OSError as exc:
        raise BadInput(f"{instead or target} cannot be read: {exc.strerror}") from exc


def _require_unchanged(path: Path, file: JobFileText) -> None:
    """Raises BadInput: the job file reads it there, so it cannot be put anywhere else."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
        raise BadInput(f"the run's job file includes {path}, which is gone or has changed")


def restored_job(
    manifest: Manifest, path: Path, given: Mapping[str, object], environment: Environment, job_id: str
) -> BoundJob:
    """Read the restored file with the parameters of the manifest; `given` override them."""
    values = {name: value for name, value in manifest.parameters.items() if value is not None} | dict(given)
    # A job of a schedule is rendered, and run again, without it.
    plain_id = schedule_of(job_id) or job_id
    return bind(draft_job_file(path, given=values, run=manifest.run_name, job_id=plain_id), environment).once


def _put(name: str, blob: str, place: Path, near: Path, container: "ContainerClient") -> bool:
    """Return False where the content is gone."""
    expected = blob.partition("/")[0]
    if Path(name).is_absolute():
        return _hash(Path(name)) == expected  # tasks read it there, so it cannot be put anywhere else
    target = place / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if _hash(target) == expected:
        return True  # a task reads the job file, or one that it includes
    target.unlink(missing_ok=True)
    if _hash(near / name) == expected:
        target.symlink_to((near / name).resolve())
        return True
    try:
        with target.open("wb") as content:
            container.download_blob(blob).readinto(content)
    except ResourceNotFoundError:
        return False
    return _hash(target) == expected


def _hash(path: Path) -> str | None:
    """Return the hash in the names of blobs, or None for what is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as content:
        return input_hash(content)


def _levels_up(name: str) -> int:
    return PurePosixPath(name).parts.count("..")


def _refuse_missing(missing: Mapping[str, str]) -> None:
    if missing:
        shown = "".join(f"\n  {name} ({blob})" for name, blob in list(missing.items())[:SHOWN])
        more = f"\n  and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise BadInput(
            f"{len(missing)} inputs of the run are gone: neither below this folder nor in storage with the content "
            f"that they had:{shown}{more}"
        )
