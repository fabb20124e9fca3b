"""`jobs.yaml` of Batch Shipyard: each job specification becomes a job file, each task specification a stage.

Source: Batch Shipyard, docs/14-batch-shipyard-configuration-jobs.md and schemas/jobs.yaml (2026).
"""

import re
from dataclasses import dataclass
from typing import Any

from shoal.errors import BadInput
from shoal.importers.durations import short_duration
from shoal.importers.imported import Imported, LeftOut, literal, rest, unsigned, without_empty
from shoal.importers.shipyard_container import container
from shoal.importers.shipyard_sweep import sweep
from shoal.importers.source import Source
from shoal.suggestion import suggestion

DEFAULT_POOL = "spot"
IN_POOL = "a setting of the stack's pool (`shoal:pools`), not of a job"
CONTAINERS = (
    "tasks run in images of docker (`container` of a stage) or on the node itself, with what an application package or "
    "a start task installs there"
)
OPTIONS = "give them to `run_options` of the stage's `container`"
REASONS = {
    "*.singularity*": CONTAINERS,
    "*.additional_singularity_options": CONTAINERS,
    "*.additional_*_options": OPTIONS,
    "*.entrypoint": "begin the command with the program, as Batch runs the command and not the image's own entry point",
    "*.ports": OPTIONS,
    "*.*data_volumes": "mount storage in the stack's pool (`mounts`), and use $AZ_BATCH_NODE_MOUNTS_DIR",
    "*.environment_variables_keyvault_secret_id": "the nodes' identity can read the vault in the command",
    "*.auto_pool*": "pools belong to the stack; Shoal's scale to zero when they are idle",
    "*.recurrence*": "give the job a `schedule`, which the stack must allow (`shoal:jobSchedules`), or use cron or CI",
    "*.federation_constraints*": "a job names one pool of the stack",
    "*.user_identity*": "tasks run as Batch's own user of the pool",
    "*.retention_time": "outputs and logs are stored when a task ends, and expire by `shoal:outputsExpireAfterDays`",
    "*.multi_instance*": "give the stage `instances` and `coordination`",
    "*.depends_on_range*": "name the stage in `after`",
    "*.storage_account_settings": "blobs are in containers of the stack's storage account",
    "*.include": "narrow the blobs by `where`",
    "*.exclude": "narrow the blobs by `where`",
    "*.input_data*": "give the files as inputs: `blobs` with `container`, or `stage`",
    "*.output_data*": "outputs go into the stack's own container, and `shoal fetch` brings them",
    "*.shm_size": IN_POOL,
    "*.infiniband": IN_POOL,
    "*.gpu": IN_POOL,
}
UNKNOWN = "this is no key of Batch Shipyard that Shoal knows"
MEANINGLESS = (
    "auto_complete",
    "allow_run_on_missing_image",
    "remove_container_after_exit",
    "restrict_default_bind_mounts",
    "labels",
    "name",
)
"""Keys about Shipyard's own containers and ends of jobs, which a job of Shoal does not need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Settings of a job specification for its tasks that have none of their own."""

    on_failure: str | None
    working_directory: str | None


def imported_jobs(configuration: object, *, pool: str | None = None) -> list[Imported]:
    """Return a job file for each job specification. Raises BadInput for a configuration of another shape."""
    top = Source(configuration)
    jobs = top.sections("job_specifications")
    if not jobs:
        raise BadInput("there are no job_specifications; give the jobs.yaml of Batch Shipyard")
    return [_job(job, pool or DEFAULT_POOL, pool_given=pool is not None) for job in jobs]


def _job(source: Source, pool: str, *, pool_given: bool) -> Imported:
    job_id = source.text("id")
    if job_id is None:
        raise BadInput(f"{source.key('id')} is missing")
    source.leave(*MEANINGLESS)
    on_failure, left_out = _on_failure(source, None)
    defaults = Defaults(on_failure=on_failure, working_directory=source.text("default_working_dir"))
    tasks = source.sections("tasks")
    names = _stage_names(tasks)
    stages = [_stage(task, name, names, defaults, left_out) for task, name in zip(tasks, names.values(), strict=True)]
    if "merge_task" in source:
        stages.append(_merge(source.section("merge_task"), list(names.values()), defaults, left_out))
    if not stages:
        raise BadInput(f"{source.path} has no tasks")
    if not pool_given:
        left_out.insert(
            0, LeftOut(key="pool", reason=f"jobs.yaml names none; '{pool}' stands there: change it, or use --pool")
        )
    content = {"job": _head(source, job_id, pool), "stages": stages}
    return Imported(job_id=job_id, content=content, left_out=[*left_out, *rest(source, REASONS, UNKNOWN)])


def _head(source: Source, job_id: str, pool: str) -> dict[str, Any]:
    return without_empty(
        {
            "id": literal(job_id),
            "pool": pool,
            "priority": source.integer("priority"),
            "retries": source.integer("max_task_retries"),
            "max_time": _duration(source, "max_wall_time"),
            "environment": _environment(source),
        }
    )


def _stage_names(tasks: list[Source]) -> dict[str, str]:
    """Return the stages' names, by the ids of their tasks; tasks without an id are numbered."""
    names: dict[str, str] = {}
    for index, task in enumerate(tasks):
        task_id = task.text("id") or f"task-{index}"
        name = re.sub(r"[^A-Za-z0-9_-]", "-", task_id)[:32].lstrip("-_") or f"task-{index}"
        names[task_id] = name if name not in names.values() else f"{name[:28]}-{index}"
    if len(names) < len(tasks):
        raise BadInput("two tasks of a job have the same id")
    return names


def _stage(
    task: Source, name: str, names: dict[str, str], defaults: Defaults, left_out: list[LeftOut]
) -> dict[str, Any]:
    after = [
        names[task_id] if task_id in names else _unknown_task(task, task_id, names)
        for task_id in task.texts("depends_on")
    ]
    return _work(task, name, after, defaults, left_out)


def _unknown_task(task: Source, task_id: str, names: dict[str, str]) -> str:
    raise BadInput(f"{task.key('depends_on')}: there is no task '{task_id}'; {suggestion(task_id, names)}")


def _merge(task: Source, after: list[str], defaults: Defaults, left_out: list[LeftOut]) -> dict[str, Any]:
    name = "merge" if "merge" not in after else "merge-task"
    task.leave("id")
    return _work(task, name, after, defaults, left_out)


def _work(task: Source, name: str, after: list[str], defaults: Defaults, left_out: list[LeftOut]) -> dict[str, Any]:
    task.leave(*MEANINGLESS)
    points = sweep(task.section("task_factory"))
    left_out += points.left_out
    on_failure, more = _on_failure(task, defaults.on_failure)
    left_out += more
    command = task.text("command")
    if not command:
        raise BadInput(f"{task.key('command')} is missing; Shoal does not run the default command of an image")
    return without_empty(
        {
            "name": name,
            "for_each": points.for_each,
            "after": after,
            "container": container(task, defaults.working_directory, left_out),
            "command": points.command(unsigned(command, task.key("command"), left_out), task.key("command")),
            "inputs": [*points.inputs, *_resource_files(task, left_out)],
            "outputs": _outputs(task, left_out),
            "retries": task.integer("max_task_retries"),
            "max_time": _duration(task, "max_wall_time"),
            "environment": _environment(task),
            "on_failure": on_failure,
        }
    )


def _resource_files(task: Source, left_out: list[LeftOut]) -> list[dict[str, Any]]:
    files = []
    for file in task.sections("resource_files"):
        url = unsigned(file.text("blob_source") or "", file.key("blob_source"), left_out)
        path = file.text("file_path") or ""
        files.append(without_empty({"from": literal(url), "to": literal(path), "mode": file.text("file_mode")}))
    return files


def _outputs(task: Source, left_out: list[LeftOut]) -> list[dict[str, Any]]:
    patterns = []
    for target in task.section("output_data").sections("azure_storage"):
        patterns += target.texts("include") or ["**/*"]
        path, place = target.text("remote_path"), target.key("remote_path")
        target.leave("storage_account_settings", "blobxfer_extra_options")
        left_out.append(
            LeftOut(
                key=place, reason=f"'{path}': outputs are stored by job, stage and task in the stack's own container"
            )
        )
    return [{"pattern": literal(pattern)} for pattern in dict.fromkeys(patterns)]


def _on_failure(source: Source, default: str | None) -> tuple[str | None, list[LeftOut]]:
    """Return on_failure of a stage: `stop` for a job action, `continue` where dependents are satisfied."""
    options = source.section("exit_conditions").section("default").section("exit_options")
    job_action, dependency_action = options.text("job_action"), options.text("dependency_action")
    left_out = []
    if job_action == "disable":
        reason = "a failed task cannot disable its job; it ends the job (`on_failure: stop`)"
        left_out.append(LeftOut(key=options.key("job_action"), reason=reason))
    if job_action in ("terminate", "disable"):
        return "stop", left_out
    if dependency_action == "satisfy":
        return "continue", left_out
    return ("block" if dependency_action == "block" and default else default), left_out


def _environment(source: Source) -> dict[str, str]:
    section = source.section("environment_variables")
    return {name: literal(section.text(name) or "") for name in [*section.names]}


def _duration(source: Source, key: str) -> str | None:
    text = source.text(key)
    return None if text is None else short_duration(text, source.key(key))
