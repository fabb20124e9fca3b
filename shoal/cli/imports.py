"""`shoal import`: job files from the configurations of other tools."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output
from shoal.errors import BadInput

if TYPE_CHECKING:
    from shoal.importers.imported import Imported

_file = click.argument("file", type=click.Path(path_type=Path))
_pool = click.option("--pool", help="Pool of the job, by its name in the stack.")


@click.group("import")
def import_() -> None:
    """Make job files from the configurations of other tools."""


@import_.command()
@_file
@click.option("--inputs", type=click.Path(path_type=Path), help="List of inputs, which ACT gets with -i. Needs --out.")
@_pool
@click.option("--out", "target", type=click.Path(path_type=Path), help="Job file to write, instead of stdout.")
@options.as_json
def act(file: Path, inputs: Path | None, pool: str | None, target: Path | None, as_json: bool) -> None:
    """Make a job file from FILE, a config.json of ACT.

    What cannot be carried over is listed at the top of the job file.
    """
    from shoal.importers.act import imported_job, read_configuration

    if inputs is not None and target is None and not as_json:
        raise click.UsageError("--inputs needs --out: the list becomes a table beside the job file")
    job = imported_job(read_configuration(file), inputs=_text(inputs), pool=pool)
    _give([job], file, {target: job} if target else {}, as_json=as_json)


@import_.command()
@_file
@click.option("--only", "job_id", metavar="ID", help="Only the job with this id.")
@_pool
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), help="Directory for the job files, instead of stdout."
)
@options.as_json
def shipyard(file: Path, job_id: str | None, pool: str | None, folder: Path | None, as_json: bool) -> None:
    """Make job files from FILE, a jobs.yaml of Batch Shipyard.

    What cannot be carried over is listed at the top of the job files.
    """
    from shoal.importers.shipyard import imported_jobs
    from shoal.jobs.file.document import read_document

    jobs = _chosen(imported_jobs(read_document(file).value, pool=pool), job_id, file)
    if len(jobs) > 1 and folder is None and not as_json:
        raise BadInput(
            f"{file} has the jobs {', '.join(job.job_id for job in jobs)}; choose one with --only, or give --out"
        )
    _give(jobs, file, {folder / f"{job.job_id}.yaml": job for job in jobs} if folder else {}, as_json=as_json)


def _chosen(jobs: list["Imported"], job_id: str | None, file: Path) -> list["Imported"]:
    from shoal.suggestion import suggestion

    chosen = [job for job in jobs if job_id in (None, job.job_id)]
    if not chosen:
        raise BadInput(f"{file} has no job '{job_id}'; {suggestion(str(job_id), [job.job_id for job in jobs])}")
    return chosen


def _give(jobs: Sequence["Imported"], origin: Path, files: dict[Path, "Imported"], *, as_json: bool) -> None:
    """Print the job files, or write them with their tables."""
    _write({path: job.text(origin.name) for path, job in files.items()} | _tables(files))
    if as_json:
        output.emit_json({"jobs": list(jobs), "files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(f"wrote {path}")
    for job in jobs:
        if not files:
            click.echo(job.text(origin.name), nl=False)
        if job.left_out:
            number = len(job.left_out)
            click.echo(
                f"{job.job_id}: {number} notes on what was not carried over are at the top of the job file", err=True
            )


def _tables(files: dict[Path, "Imported"]) -> dict[Path, str]:
    return {path.parent / name: text for path, job in files.items() for name, text in job.tables.items()}


def _write(texts: dict[Path, str]) -> None:
    """Raises BadInput, before anything is written, where a file exists."""
    if existing := [str(path) for path in texts if path.exists()]:
        raise BadInput(f"{', '.join(existing)} exists already; move it away, or give another --out")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise BadInput(f"{path} cannot be written: {exc.strerror}") from exc


def _text(path: Path | None) -> str | None:
    if path is not None and path.exists() and not path.is_file():
        raise BadInput(f"{path} is not a file")  # reading a pipe would wait for ever
    try:
        return None if path is None else path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as exc:
        raise BadInput(f"{path} does not exist") from exc
    except (OSError, ValueError) as exc:
        raise BadInput(f"{path} cannot be read: {exc}") from exc
