"""`shoal report`: a run as a page, a table or JSON."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options
from shoal.errors import BadInput

if TYPE_CHECKING:
    from shoal.environment import Environment


@click.command()
@options.job_argument
@click.option("--out", type=click.Path(path_type=Path), help="File to write.  [default: JOB-report.html]")
@click.option("--csv", "as_csv", is_flag=True, help="Print one row for each task as CSV, instead of the page.")
@options.as_json
@options.of_environment
def report(job_id: str, out: Path | None, as_csv: bool, as_json: bool, environment: "Environment") -> None:
    """Write a report of JOB as one HTML file.

    It has the times, nodes, cost, retries and failures of the run, and needs no network.
    """
    from shoal.connect import connected
    from shoal.report.document import document
    from shoal.report.page import page
    from shoal.report.reading import read_record
    from shoal.report.task_table import csv_lines

    if as_csv and as_json:
        raise click.UsageError("give either --csv or --json")
    with connected(environment) as services:
        record = read_record(services, job_id)
    if as_csv:
        _emit(csv_lines(record), out)
    elif as_json:
        _emit([document(record).decode(), "\n"], out)
    else:
        _write([page(record)], out or default_file(record.job_id))


def default_file(job_id: str) -> Path:
    """Return JOB-report.html; SCHEDULE.job-3-report.html for a job that a schedule has made."""
    from shoal.jobs.run_folder import file_name

    return Path(f"{file_name(job_id)}-report.html")


def _emit(text: Iterable[str], out: Path | None) -> None:
    if out is None:
        sys.stdout.writelines(text)
    else:
        _write(text, out)


def _write(text: Iterable[str], out: Path) -> None:
    """Write a file, whole or not at all, and print its name. Raises BadInput where it cannot be written."""
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("w", encoding="utf-8") as content:
                content.writelines(text)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    except OSError as exc:
        raise BadInput(f"{out} cannot be written: {exc.strerror}; choose another file with --out") from exc
    click.echo(f"wrote {out}", err=True)
