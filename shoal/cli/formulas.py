"""`shoal autoscale`: formulas, checked, evaluated, built and simulated before anything is deployed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import options
from shoal.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from shoal.autoscale.documents import Embedded
    from shoal.autoscale.observations import Observations
    from shoal.autoscale.simulation.description import Description
    from shoal.autoscale.simulation.engine import Outcome
    from shoal.autoscale.simulation.workload import Workload

DOCUMENTS = {".yaml", ".yml", ".json"}


def limits(flag: str, meaning: str) -> options.Command:
    """Declare an option for a limit that may change over time."""
    text = f"{meaning}, from that time on, such as 20@3h; repeatable."
    return click.option(flag, metavar="NODES[@TIME]", multiple=True, help=text)


@click.group()
def autoscale() -> None:
    """Check, evaluate, simulate and build autoscale formulas, offline."""


@autoscale.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--interval", metavar="DURATION", help="The pool's evaluation interval, such as 5m.")
@options.as_json
def check(files: tuple[str, ...], interval: str | None, as_json: bool) -> None:
    """Check formulas for mistakes. Exits with 1 if there are findings.

    FILE is a formula, a YAML or JSON document that contains formulas, or - for standard input.
    """
    from dataclasses import asdict, replace

    from shoal.autoscale.durations import parse_duration
    from shoal.autoscale.review import review, shown
    from shoal.autoscale.ticks import from_timedelta
    from shoal.cli.output import emit_json

    with bad_input():
        given = from_timedelta(parse_duration(interval)) if interval else None
    formulas = []
    for file in files:
        text = _read(file)
        for one in _formulas(file, text):
            findings = review(
                one.text, interval=given or one.interval, fixed_too=one.fixed_too, slots=one.slots_per_node
            )
            placed = [replace(finding, span=one.place(finding.span)) for finding in findings]
            formulas.append({"file": file, "path": one.path, "findings": [asdict(finding) for finding in placed]})
            if not as_json:
                name = f"{file} {one.path}".strip()
                click.echo("\n".join(shown(finding, text, file) for finding in placed) or f"{name}: no findings")
    count = sum(len(formula["findings"]) for formula in formulas)
    if as_json:
        emit_json({"ok": not count, "formulas": formulas})
    # Findings are the result, not an error: only the exit code tells of them.
    click.get_current_context().exit(1 if count else 0)


@autoscale.command("eval")
@click.argument("file")
@click.option(
    "--at", "moment", metavar="TIME", help="Time of the evaluation, such as 2026-01-31T18:30:00Z.  [default: now]"
)
@click.option(
    "--samples",
    "given",
    metavar="FILE|NAME=VALUE",
    multiple=True,
    help="File of samples (CSV or JSON), or one value; repeatable.",
)
@options.as_json
def evaluate_formula(file: str, moment: str | None, given: tuple[str, ...], as_json: bool) -> None:
    """Evaluate a formula once and print its results as Batch does."""
    from datetime import UTC, datetime

    from shoal.autoscale import compile_formula, evaluate, parse
    from shoal.autoscale.observations import moment_of, pool_state
    from shoal.cli.output import emit_json, emit_table

    text = _only_formula(file)
    assignments = dict(one.partition("=")[::2] for one in given if "=" in one)  # [::2]: without the sign itself
    with bad_input(text, file):
        at = moment_of(moment) if moment else None
        observations = _observed([one for one in given if "=" not in one], assignments, at)
        evaluation = evaluate(
            compile_formula(parse(text)),
            time=at or observations.newest or datetime.now(UTC),
            samples=observations.samples,
            pool=pool_state(assignments),
        )
    if as_json:
        emit_json(evaluation.wire())
    else:
        emit_table(("variable", "value"), [pair.partition("=")[::2] for pair in evaluation.results.split(";")])
        if evaluation.error:
            click.echo(f"error: {evaluation.error.code}: {evaluation.error.detail}", err=True)
    click.get_current_context().exit(1 if evaluation.error else 0)


@autoscale.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--scenario", metavar="FILE", help="YAML file with tasks and pool.  [default: 10,000 five-minute tasks]")
@click.option("--replay", metavar="JOB", help="Take the tasks of this finished job of the stack.")
@click.option("--sample-delay", metavar="DURATION", help="Time until a sample arrives, such as 4m.")
@click.option("--sample-loss", metavar="SHARE", type=float, help="Share of samples that never arrive, from 0 to 1.")
@limits("--spot-quota", "Spot nodes that the account's quota allows")
@limits("--dedicated-quota", "Dedicated nodes that the account's quota allows")
@limits("--spot-capacity", "Spot nodes that the region has room for")
@click.option("--out", metavar="DIR", help="Directory for charts and reports.")
@options.stack
@options.document
@options.as_json
def simulate(
    files: tuple[str, ...],
    scenario: str | None,
    replay: str | None,
    out: str | None,
    stack_name: str,
    document: Path | None,
    as_json: bool,
    **conditions: Any,
) -> None:
    """Simulate a pool under each formula, and compare the results. Options count more than the scenario's values."""
    from shoal.autoscale import compile_formula, parse
    from shoal.autoscale.simulation import engine
    from shoal.autoscale.simulation.description import under_conditions
    from shoal.autoscale.simulation.report import report
    from shoal.autoscale.simulation.table import rows
    from shoal.cli.output import emit_json, emit_table

    story, work = _story(scenario)
    if replay is not None:
        work = _replayed(replay, stack_name, document)
    with bad_input():
        story = under_conditions(story, conditions)
    reports = {}
    for file in files:
        for one in _formulas(file, _read(file)):
            name = one.path or Path(file).stem
            # Two files may hold formulas under the same key.
            name = f"{file} {one.path}".strip() if name in reports else name
            with bad_input(one.text, file):
                outcome = engine.simulate(compile_formula(parse(one.text)), work, story.pool, seed=story.seed)
            reports[name] = report(outcome, work)
            if out:
                _write(Path(out), name, outcome, reports[name].to_json())
    if as_json:
        emit_json({name: one.to_json() for name, one in reports.items()})
    else:
        emit_table(*rows(reports))


@autoscale.command("new")
@click.argument("name", metavar="[SCENARIO]", required=False)
@click.option("-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Value of a parameter; repeatable.")
@options.as_json
def new_formula(name: str | None, parameters: tuple[str, ...], as_json: bool) -> None:
    """Print the formula for SCENARIO. Without it, list the scenarios and their parameters."""
    from shoal.autoscale.scenarios import SCENARIOS, formula
    from shoal.autoscale.scenarios.parameters import described, scenario
    from shoal.cli.output import emit_json, emit_table

    if name is None:
        columns = ("scenario", "parameter", "default", "meaning")
        table = [(known, *row) for known in SCENARIOS for row in described(known)]
        if as_json:
            emit_json([dict(zip(columns, row, strict=True)) for row in table])
        else:
            emit_table(columns, table)
        return
    for parameter in parameters:
        if "=" not in parameter:
            raise BadInput(f"-p {parameter} is not NAME=VALUE")
    with bad_input():
        text = formula(scenario(name, dict(one.partition("=")[::2] for one in parameters)))
    if as_json:
        emit_json({"scenario": name, "formula": text})
    else:
        click.echo(text, nl=False)


@contextmanager
def bad_input(text: str = "", file: str = "") -> Iterator[None]:
    """Raise the formula language's errors as BadInput, with the place in the formula where it is known."""
    from shoal.autoscale.errors import AutoscaleFault, Located

    try:
        yield
    except Located as exc:
        raise BadInput(exc.shown(text, file)) from exc
    except AutoscaleFault as exc:
        raise BadInput(str(exc)) from exc


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8") as stream:
            # Editors write a byte-order mark first, which is no part of the formula.
            return str(stream.read()).removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(f"{file} cannot be read: {exc}") from exc


def _formulas(file: str, text: str) -> "list[Embedded]":
    from shoal.autoscale.documents import formulas_in, whole

    if Path(file).suffix.lower() not in DOCUMENTS:
        return [whole(text)]
    with bad_input():
        formulas = formulas_in(text)
    if not formulas:
        raise BadInput(f"{file} contains no formula under a key such as formula or autoScaleFormula")
    return formulas


def _only_formula(file: str) -> str:
    formulas = _formulas(file, _read(file))
    if len(formulas) > 1:
        paths = ", ".join(one.path for one in formulas)
        raise BadInput(f"{file} contains several formulas ({paths}); put the one to evaluate into a file of its own")
    return formulas[0].text


def _observed(files: list[str], assignments: dict[str, str], at: "datetime | None") -> "Observations":
    from datetime import UTC, datetime

    from shoal.autoscale.observations import assigned, constant, from_csv, from_json

    if not files:
        return constant(assignments)
    if len(files) > 1:
        raise BadInput("give at most one file of samples; single values can be added to it")
    text = _read(files[0])
    now = at or datetime.now(UTC)
    return assigned(from_json(text, time=now) if files[0].endswith(".json") else from_csv(text), assignments)


def _story(file: str | None) -> "tuple[Description, Workload]":
    import yaml

    from shoal.autoscale.simulation.description import TEN_THOUSAND_TASKS, described
    from shoal.autoscale.simulation.replay import from_batch_tasks
    from shoal.autoscale.simulation.workload import workload

    if file is None:
        return TEN_THOUSAND_TASKS, workload(TEN_THOUSAND_TASKS.tasks, seed=TEN_THOUSAND_TASKS.seed)
    with bad_input():
        try:
            story = described(yaml.safe_load(_read(file)))
        except yaml.YAMLError as exc:
            raise BadInput(f"{file} is not YAML: {exc}") from exc
        if story.replay is None:
            return story, workload(story.tasks, seed=story.seed)
        return story, from_batch_tasks(_records(Path(file).parent / story.replay))


def _replayed(job_id: str, stack_name: str, document: Path | None) -> "Workload":
    """Return the tasks of a job as they ran."""
    from shoal.autoscale.simulation.replay import from_batch_tasks
    from shoal.connect import connected
    from shoal.runs.listing import finished_tasks

    with connected(options.requested_environment(stack_name, document)) as services, bad_input():
        return from_batch_tasks(finished_tasks(services.batch, job_id))


def _records(path: Path) -> list[Any]:
    """Read a JSON list, or one object per line."""
    import json

    text = _read(str(path))
    try:
        return (
            list(json.loads(text))
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.splitlines()]
        )
    except ValueError as exc:
        raise BadInput(f"{path} is neither a JSON list nor one object per line: {exc}") from exc


def _write(directory: Path, name: str, outcome: "Outcome", numbers: dict[str, Any]) -> None:
    from dataclasses import asdict

    import orjson

    from shoal.autoscale.simulation.chart import chart

    directory.mkdir(parents=True, exist_ok=True)
    # A name may be a path of keys, such as `config.shoal:pools[0].formula`.
    safe = "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
    series = [asdict(point) for point in outcome.series]
    (directory / f"{safe}.svg").write_text(chart(outcome, name), encoding="utf-8")
    (directory / f"{safe}.json").write_bytes(orjson.dumps({**numbers, "series": series}, option=orjson.OPT_INDENT_2))
