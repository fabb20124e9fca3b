"""A job file as it is meant: parameters resolved, what is the same for all tasks rendered, everything checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.document import Document, Location, read_document
from shoal.jobs.file.parameters import resolve
from shoal.jobs.file.spec import TASK_LEVEL, Name, Parameter, Spec, Stage
from shoal.jobs.file.templates import GLOBALS, Names, Place
from shoal.suggestion import suggestion

BARRIER_PREFIX = "wait_for_"
"""Begins the id of a task that only waits for a stage; no stage may be called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    document: Document
    spec: Spec
    job_id: str
    names: Names
    """What every template sees: parameters, `run`, `job` and the globals."""

    def place(self, *location: str | int) -> Place:
        return Place(path=self.document.path, line=self.document.text_line(location))

    @property
    def folder(self) -> Path:
        return self.document.path.parent


def read_job_file(path: Path, *, given: Mapping[str, Any], run: str, job_id: str | None = None) -> JobFile:
    """Read, render what is common to all tasks, and check. `given` are parameters; `job_id` goes before `job.id`."""
    document = read_document(path)
    if not isinstance(document.value, dict):
        raise BadInput(f"{document.at([])}: a job file holds the keys parameters, job and stages")
    declared = _declared(document)
    names = {**GLOBALS, **resolve(declared, given, document), "run": run}
    spec = _spec(document, names)
    _check_stages(spec, document)
    chosen = job_id or spec.job.id or run
    _check_job_id(chosen, document)
    return JobFile(document=document, spec=spec, job_id=chosen, names={**names, "job": chosen})


def _declared(document: Document) -> dict[str, Parameter]:
    section = document.value.get("parameters") or {}
    try:
        return TypeAdapter(dict[Name, Parameter]).validate_python(section)
    except ValidationError as exc:
        raise _bad_input(document, exc, ["parameters"]) from exc


def _spec(document: Document, names: Names) -> Spec:
    try:
        return Spec.model_validate(_expanded(document, names))
    except ValidationError as exc:
        raise _bad_input(document, exc, []) from exc


def _expanded(document: Document, names: Names) -> dict[str, Any]:
    """The file's content with `job` and the stages' common keys rendered. Unknown keys stay, to be refused by name."""
    content = dict(document.value)
    if "job" in content:
        content["job"] = _render(content["job"], ["job"], document, names)
    if isinstance(content.get("stages"), list):
        content["stages"] = [
            _expanded_stage(stage, ["stages", index], document, names) for index, stage in enumerate(content["stages"])
        ]
    return content


def _expanded_stage(stage: Any, location: Location, document: Document, names: Names) -> Any:
    if not isinstance(stage, dict):
        return stage
    common = Stage.model_fields.keys() - TASK_LEVEL
    return {
        key: _render(value, [*location, key], document, names) if key in common else value
        for key, value in stage.items()
    }


def _render(value: Any, location: Location, document: Document, names: Names) -> Any:
    match value:
        case str():
            place = Place(path=document.path, line=document.text_line(location))
            return templates.value(value, place).evaluate(names)
        case list():
            return [_render(item, [*location, index], document, names) for index, item in enumerate(value)]
        case dict():
            return {key: _render(item, [*location, key], document, names) for key, item in value.items()}
        case _:
            return value


def _check_stages(spec: Spec, document: Document) -> None:
    earlier: list[str] = []
    for index, stage in enumerate(spec.stages):
        where = document.at(["stages", index, "name"])
        if stage.name in earlier:
            raise BadInput(f"{where}: there is a stage '{stage.name}' already")
        if stage.name.startswith(BARRIER_PREFIX):
            raise BadInput(f"{where}: a stage's name cannot begin with '{BARRIER_PREFIX}'")
        _check_order(stage, earlier, document, index)
        earlier.append(stage.name)


def _check_order(stage: Stage, earlier: list[str], document: Document, index: int) -> None:
    for name in stage.after:
        if name not in earlier:
            where = document.at(["stages", index, "after"])
            raise BadInput(f"{where}: no stage '{name}' stands before '{stage.name}'; {suggestion(name, earlier)}")
    for number, source in enumerate(stage.inputs):
        if source.stage is not None and source.stage not in stage.after:
            where = document.at(["stages", index, "inputs", number])
            raise BadInput(f"{where}: '{stage.name}' reads what '{source.stage}' wrote; add `after: {source.stage}`")


def _check_job_id(job_id: str, document: Document) -> None:
    """Source: Batch REST, Job - Create, `id`: letters, digits, hyphens and underscores, at most 64."""
    where = f"{document.at(['job', 'id'])}: the job's id '{job_id}'"
    if len(job_id) > 64:
        raise BadInput(f"{where} has {len(job_id)} characters; Batch allows 64")
    if not job_id or not all(char.isascii() and (char.isalnum() or char in "-_") for char in job_id):
        raise BadInput(f"{where} may hold letters, digits, - and _ only")


def _bad_input(document: Document, exc: ValidationError, root: Location) -> BadInput:
    """One line for each mistake; of several about the same spot (a union's arms), the first."""
    messages: dict[int, str] = {}
    for error in exc.errors(include_url=False):
        location = [*root, *error["loc"]]
        context = error.get("ctx", {})
        line = document.line([*location, context["key"]] if "key" in context else location)
        messages.setdefault(line, f"{document.path} line {line}: {_described(error, document.name(location))}")
    return BadInput("\n".join(messages.values()))


def _described(error: ErrorDetails, name: str) -> str:
    message = error["msg"][:1].lower() + error["msg"][1:]
    match error["type"]:
        case "missing":
            return f"{'.'.join(filter(None, [name, str(error['loc'][-1])]))} is missing"
        case "unknown_key" | "no_source" | "one_of" | "container":
            return f"{name}: {message}" if name else message
        case _:
            return f"{name}: {message}; found {error['input']!r}"
