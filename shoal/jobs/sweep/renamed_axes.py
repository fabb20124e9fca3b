"""Sentences about columns of tables that templates see under other names."""

from collections.abc import Iterator

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file.sweep_spec import Sources, Table
from shoal.jobs.sweep.point_tables import renamed_columns

SHOWN = 5


def renamed_axes(stage: BoundStage) -> Iterator[str]:
    """Return one sentence for each table of the stage's sweep that has such columns."""
    for table in _tables(stage.spec.for_each):
        if renamed := renamed_columns(table, stage.job.job_file.folder):
            where = stage.job.job_file.document.at(["stages", stage.index, "for_each"])
            names = ", ".join(f"'{column}' is {axis}" for column, axis in list(renamed.items())[:SHOWN])
            more = ", …" if len(renamed) > SHOWN else ""
            yield f"{where}: columns of {table.file} have other names in templates: {names}{more}"


def _tables(spec: Sources | None) -> Iterator[Table]:
    if spec is None:
        return
    if spec.table:
        yield spec.table if isinstance(spec.table, Table) else Table(file=spec.table)
    for inner in (spec.product, spec.zip):
        for source in inner if isinstance(inner, list) else ():
            yield from _tables(source)
