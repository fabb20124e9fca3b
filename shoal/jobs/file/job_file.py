"""A job file, checked: parameters are resolved, and the strings that are common to all tasks are rendered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shoal.jobs.file import templates
from shoal.jobs.file.document import Document, Location, draft_document
from shoal.jobs.file.draft import Draft
from shoal.jobs.file.included import with_included
from shoal.jobs.file.job_parameters import parameter_values
from shoal.jobs.file.macro_files import macro_files, macros_of
from shoal.jobs.file.mistakes import Mistake, MistakeList, Mistakes
from shoal.jobs.file.spec import JOB_TASKS, TASK_LEVEL, Job, Spec, Stage
from shoal.jobs.file.stage_order import check_stage_order, without_other_stages
from shoal.jobs.file.templates import GLOBALS, Names, Place

UNSETTLED_POOL = ""
"""Stands for the pool where `job` has a mistake; no job file can name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    document: Document
    spec: Spec
    """The sound parts: everything, where there are no mistakes."""
    positions: tuple[int, ...]
    """The index in the file of each stage of the spec."""
    job_id: str
    names: Names
    """Names that every template sees: parameters, `run`, `job` and the globals."""
    mistakes: tuple[Mistake, ...]

    def place(self, *location: str | int) -> Place:
        return Place(path=self.document.file(location), line=self.document.text_line(location))

    def refuse_mistakes(self) -> None:
        if self.mistakes:
            raise Mistakes(self.mistakes)

    @property
    def folder(self) -> Path:
        return self.document.path.parent

    @property
    def further_files(self) -> list[Path]:
        """Return the files that it includes or takes macros from."""
        return [*self.document.included, *(self.folder / name for name in macro_files(self.document))]


def read_job_file(path: Path, *, given: Mapping[str, Any], run: str, job_id: str | None = None) -> JobFile:
    """Read a job file with `given` parameters; `job_id` overrides `job.id`. Raises BadInput with all its mistakes."""
    job_file = draft_job_file(path, given=given, run=run, job_id=job_id)
    job_file.refuse_mistakes()
    return job_file


def draft_job_file(path: Path, *, given: Mapping[str, Any], run: str, job_id: str | None = None) -> JobFile:
    """Read a job file and leave its `mistakes` to the caller. Raises BadInput for a file that is no job file at all."""
    document = with_included(draft_document(path))
    if not isinstance(document.value, dict):
        raise document.mistake([], "a job file holds the keys parameters, job and stages")
    draft = Draft(document=document, mistakes=MistakeList(document.mistakes))
    names = {**GLOBALS, **parameter_values(draft, given), "run": run}
    names |= macros_of(draft, names)
    content = _rendered_content(draft, names)
    spec, positions = _spec(draft, content)
    check_stage_order(draft, content)
    chosen = job_id or spec.job.id or run
    if draft.is_sound("job", "id"):
        _check_job_id(chosen, draft)
    return JobFile(
        document=document,
        spec=without_other_stages(spec) if draft.failed else spec,
        positions=positions,
        job_id=chosen,
        names={**names, "job": chosen},
        mistakes=tuple(draft.mistakes),
    )


def _rendered_content(draft: Draft, names: Names) -> dict[str, Any]:
    """Return the file's content with `job` and the stages' common keys rendered. Unknown keys stay, to be refused."""
    content = dict(draft.document.value)
    if "job" in content:
        content["job"] = _rendered_job(content["job"], draft, names)
    if isinstance(content.get("stages"), list):
        content["stages"] = [
            _rendered_stage(stage, ["stages", index], draft, names) for index, stage in enumerate(content["stages"])
        ]
    return content


def _rendered_job(job: Any, draft: Draft, names: Names) -> Any:
    if not isinstance(job, dict):
        return _rendered(job, ["job"], draft, names)
    return {
        key: _rendered_job_task(value, ["job", key], draft, names)
        if key in JOB_TASKS
        else _rendered(value, ["job", key], draft, names)
        for key, value in job.items()
    }


def _rendered_job_task(task: Any, location: Location, draft: Draft, names: Names) -> Any:
    """Render what is no part of the task itself: in its command, values are quoted for the shell."""
    if not isinstance(task, dict):
        return task
    return {
        key: value if key in TASK_LEVEL else _rendered(value, [*location, key], draft, names)
        for key, value in task.items()
    }


def _rendered_stage(stage: Any, location: Location, draft: Draft, names: Names) -> Any:
    if not isinstance(stage, dict):
        return stage
    common = Stage.model_fields.keys() - TASK_LEVEL
    return {
        key: _rendered(value, [*location, key], draft, names) if key in common else value
        for key, value in stage.items()
    }


def _rendered(value: Any, location: Location, draft: Draft, names: Names) -> Any:
    match value:
        case str():
            place = Place(path=draft.document.file(location), line=draft.document.text_line(location))
            try:
                return _sendable(templates.value(value, place).evaluate(names), place)
            except Mistakes as exc:
                # The text stays in its place; what pydantic then finds wrong with it is a consequence, and left out.
                draft.refuse_found(location, exc.mistakes)
                return value
        case list():
            return [_rendered(item, [*location, index], draft, names) for index, item in enumerate(value)]
        case dict():
            return {key: _rendered(item, [*location, key], draft, names) for key, item in value.items()}
        case _:
            return value


def _sendable(value: Any, place: Place) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise place.mistake(f"{value!r} has a null byte, which no request can hold")
    return value


def _spec(draft: Draft, content: dict[str, Any]) -> tuple[Spec, tuple[int, ...]]:
    """Return the sound parts, and the index in the file of each stage among them."""
    try:
        spec = Spec.model_validate(content)
    except ValidationError as exc:
        draft.refuse_invalid(exc.errors(include_url=False), Spec)
        return _sound_parts(draft, content)
    # Templates that failed are still texts here, so even a valid spec is not one to go on with.
    if draft.failed:
        return _sound_parts(draft, content)
    return spec, tuple(range(len(spec.stages)))


def _sound_parts(draft: Draft, content: dict[str, Any]) -> tuple[Spec, tuple[int, ...]]:
    job = Job.model_construct(pool=UNSETTLED_POOL)  # not validated: the empty name would be refused
    if draft.is_sound("job"):
        job = Job.model_validate(content["job"])
    stages = content.get("stages")
    positions = tuple(
        index for index in range(len(stages) if isinstance(stages, list) else 0) if draft.is_sound("stages", index)
    )
    sound = [Stage.model_validate(content["stages"][index]) for index in positions]
    _check_templates_of_others(draft, positions)
    return Spec.model_construct(job=job, stages=sound), positions


def _check_templates_of_others(draft: Draft, positions: tuple[int, ...]) -> None:
    """Check the syntax of the templates that are rendered for each task, in stages that are not sound."""
    stages = draft.document.value.get("stages")
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if index not in positions and isinstance(stage, dict):
            for key in TASK_LEVEL & stage.keys():
                _check_syntax(stage[key], ["stages", index, key], draft)


def _check_syntax(value: Any, location: Location, draft: Draft) -> None:
    match value:
        case str():
            place = Place(path=draft.document.file(location), line=draft.document.text_line(location))
            compile_template = templates.command if location[-1] == "command" else templates.text
            with draft.mistakes.collecting():
                compile_template(value, place)
        case list():
            for index, item in enumerate(value):
                _check_syntax(item, [*location, index], draft)
        case dict():
            for key, item in value.items():
                _check_syntax(item, [*location, key], draft)


def _check_job_id(job_id: str, draft: Draft) -> None:
    """Source: Batch REST, Job - Create, `id`: letters, digits, hyphens and underscores, at most 64."""
    if len(job_id) > 64:
        draft.refuse(["job", "id"], f"the job's id '{job_id}' has {len(job_id)} characters; Batch allows 64")
    if not job_id or not all(char.isascii() and (char.isalnum() or char in "-_") for char in job_id):
        draft.refuse(["job", "id"], f"the job's id '{job_id}' may hold letters, digits, - and _ only")
