"""`shoal reproduce` and `diff`: runs again, and runs compared, by their manifests."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output
from shoal.errors import BadInput, WorkFailed

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.manifest.differences import Comparison, ResultDifferences
    from shoal.manifest.finding import Connect
    from shoal.manifest.manifest import Manifest

SHOWN = 10
"""Results that are named."""


@click.command()
@click.argument("manifest_name", metavar="MANIFEST")
@click.option("--check", "only_check", is_flag=True, help="Print what is the same and what differs, and run nothing.")
@click.option("--file", "job_file", type=click.Path(path_type=Path), help="Job file, instead of the manifest's text.")
@options.values
@options.out
@options.stack
@options.document
@options.as_json
def reproduce(
    manifest_name: str,
    only_check: bool,
    job_file: Path | None,
    pairs: tuple[str, ...],
    parameters: Path | None,
    job_id: str | None,
    out: Path | None,
    stack_name: str,
    document: Path | None,
    as_json: bool,
) -> None:
    """Run again what MANIFEST describes, and compare the results.

    MANIFEST is a file, a JOB, or a run as JOB.RUN. The job file, the parameters and the inputs are those of the
    manifest; what differs now, such as packages, is printed first. The new job is JOB-again-XXXX. Exits with 0 only
    if all results are the same.
    """
    from tempfile import TemporaryDirectory

    from shoal.connect import connected
    from shoal.jobs.file.job_parameters import given_file, given_pairs
    from shoal.manifest.finding import find_manifest
    from shoal.manifest.restoring import named_as_submitted, restore, restored_job

    environment = options.requested_environment(stack_name, document)
    given = (given_file(parameters) if parameters else {}) | given_pairs(pairs)
    with connected(environment) as services, TemporaryDirectory(prefix="shoal-") as folder:
        manifest = find_manifest(manifest_name, lambda: services)
        _refuse_withheld(manifest, given)
        path = restore(manifest, services, folder=Path(folder), near=Path.cwd(), job_file=job_file)
        with named_as_submitted(path):
            comparison = _compared_with_now(manifest, path, given, services)
            _show(comparison, err=as_json)
            if only_check:
                if as_json:
                    output.emit_json({"run": _name(manifest), **asdict(comparison)})
                return
            job = restored_job(manifest, path, given, environment, job_id or _next_id(manifest))
            results = _run(job, manifest, services, out, err=as_json)
    if as_json:
        output.emit_json(
            {"run": _name(manifest), "job_id": job.job_file.job_id, **asdict(replace(comparison, results=results))}
        )
    _finish(results, manifest, err=as_json)


@click.command()
@click.argument("one")
@click.argument("other")
@options.stack
@options.document
@options.as_json
def diff(one: str, other: str, stack_name: str, document: Path | None, as_json: bool) -> None:
    """Compare two runs by their manifests.

    ONE and OTHER are files, JOBs, or runs as JOB.RUN.
    """
    from shoal.manifest.differences import compare
    from shoal.manifest.finding import find_manifest

    with _connecting(stack_name, document) as connect:
        left, right = find_manifest(one, connect), find_manifest(other, connect)
    comparison = compare(left, right)
    if as_json:
        output.emit_json({"one": _name(left), "other": _name(right), **asdict(comparison)})
        return
    _show(comparison, err=False)
    _show_texts(left, right)
    if comparison.results is None:
        click.echo("results: not compared, as those of one run were not fetched yet")
    else:
        _show_results(comparison.results, err=False)


@contextmanager
def _connecting(stack_name: str, document: Path | None) -> "Iterator[Connect]":
    """Give a function that connects to the stack, once: two files are compared without a service."""
    from functools import cache

    from shoal.connect import connected

    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(connected(options.requested_environment(stack_name, document))))


def _refuse_withheld(manifest: "Manifest", given: "dict[str, object]") -> None:
    missing = [name for name in manifest.withheld if name not in given]
    if missing:
        pairs = " ".join(f"-p {name}=…" for name in missing)
        raise BadInput(f"the manifest has no secrets, such as the value of {', '.join(missing)}; pass {pairs}")


def _compared_with_now(
    manifest: "Manifest", path: Path, given: "dict[str, object]", services: "Services"
) -> "Comparison":
    """Compare the manifest with the one that the same job would have now."""
    from shoal.jobs.submit.plan import make_plan
    from shoal.jobs.submit.submit import planned_record
    from shoal.manifest.differences import compare
    from shoal.manifest.making import make_manifest
    from shoal.manifest.repository import commit_of
    from shoal.manifest.restoring import restored_job

    # Under the same id: the rendered tasks contain it.
    job = restored_job(manifest, path, given, services.environment, manifest.job_id)
    plan = make_plan(job)
    record = planned_record(job, plan)
    now = make_manifest(job, plan, record, services)
    return compare(manifest, replace(now, git=commit_of(Path.cwd()), results=None), without_tasks=record.deferred)


def _run(
    job: "BoundJob", manifest: "Manifest", services: "Services", out: Path | None, *, err: bool
) -> "ResultDifferences | None":
    """Submit, watch and fetch the job, and compare its results. Raises WorkFailed where it fails."""
    from shoal.cli.carry_out import carry_out
    from shoal.cli.fetch import RESULTS, fetched_outputs
    from shoal.jobs.submit.plan import make_plan
    from shoal.manifest.differences import compare_results
    from shoal.manifest.storage import stored_manifest
    from shoal.runs.output_folder import refuse_unwritable
    from shoal.runs.stored_run import folder_of_run

    refuse_unwritable(out or Path(RESULTS))
    plan = make_plan(job)
    output.show_warnings(plan.warnings)
    _, ending = carry_out(job, plan, services, err=err)
    fetched = fetched_outputs(services, plan.job_id, out)
    click.echo(fetched.summary, err=err)
    fetched.refuse_problems()
    if not ending.succeeded:
        raise WorkFailed(f"job {plan.job_id}: {ending.problem}; `shoal why {plan.job_id}` has the next step")
    again = stored_manifest(services, folder_of_run(services, plan.job_id))
    return None if again is None else compare_results(manifest, again)


def _finish(results: "ResultDifferences | None", manifest: "Manifest", *, err: bool) -> None:
    if results is None:
        click.echo(f"the results of {_name(manifest)} were never fetched, so there is nothing to compare with", err=err)
        return
    _show_results(results, err=err)
    if not results.is_none:
        raise WorkFailed(f"the results are not those of {_name(manifest)}")


def _show(comparison: "Comparison", *, err: bool) -> None:
    click.echo(f"the same: {', '.join(comparison.same) or 'nothing'}", err=err)
    for difference in comparison.differences:
        click.echo(f"differs: {difference.sentence}", err=err)
    if comparison.not_compared:
        stages = ", ".join(comparison.not_compared)
        click.echo(f"not compared: the tasks of {stages}, which follow from files that the run makes", err=err)


def _show_texts(one: "Manifest", other: "Manifest") -> None:
    from difflib import unified_diff

    texts = [
        {"": each.file.text, **{name: file.text for name, file in each.further_files.items()}} for each in (one, other)
    ]
    for name in dict.fromkeys([*texts[0], *texts[1]]):
        left, right = (text.get(name, "").splitlines() for text in texts)
        titles = [f"{_name(each)} {name}".rstrip() for each in (one, other)]
        for line in unified_diff(left, right, titles[0], titles[1], lineterm=""):
            click.echo(line)


def _show_results(results: "ResultDifferences", *, err: bool) -> None:
    click.echo(f"results: {results.same} are the same byte for byte", err=err)
    for names, remark in (
        (results.differing, "differs"),
        (results.only_in_one, "is in the first run only"),
        (results.only_in_other, "is in the second run only"),
    ):
        for name in names[:SHOWN]:
            click.echo(f"  {name} {remark}", err=err)
        if len(names) > SHOWN:
            click.echo(f"  and {len(names) - SHOWN} more like it", err=err)


def _name(manifest: "Manifest") -> str:
    return f"{manifest.job_id}.{manifest.run_id}"


def _next_id(manifest: "Manifest") -> str:
    """Source: Batch REST, Job - Create, `id`: at most 64 characters."""
    import secrets

    from shoal.jobs.run_folder import id_without_schedule

    suffix = f"-again-{secrets.token_hex(2)}"
    return id_without_schedule(manifest.job_id)[: 64 - len(suffix)] + suffix
