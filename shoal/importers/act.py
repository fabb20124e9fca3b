"""`config.json` of ACT (Azure Custom Tasks): one job with one stage, whose sweep is the list of inputs.

Source: ACT (MeirellesLab/AzureCustomTasks), wiki/configuration.md and src/act (2025-03).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.importers.act_inputs import LISTED_SLOTS, Listed, listed_inputs, table
from shoal.importers.act_pool import pool_entry
from shoal.importers.act_slots import COLUMNS, INPUTS, NotCarriedOver, slots_expression
from shoal.importers.imported import Imported, LeftOut, literal, rest, unsigned, without_empty
from shoal.importers.source import Source

STAGE = "tasks"
TABLE = "inputs.csv"
GIVEN_SLOTS = "{{ slots }}"
ROLES = "Shoal's roles are declared with the stack; nothing in a job file or on a node holds a key"
REASONS = {
    "batch.accountKey": ROLES,
    "batch.*": "the stack has the Batch account (`shoal:batchAccount`)",
    "pool.vmConfiguration.nodeAgentSKUId": "Shoal takes the node agent that fits the image",
    "pool.nodeStorageContainers.*": "in the stack's pool: `mounts`, which use the nodes' identity",
    "pool.applications.*": "in the stack's `shoal:packages`, which it uploads; name them in the stage's `packages`",
    "tasks.addCollectionStep": "Shoal adds as many tasks at once as Batch takes",
    "tasks.inputs.filterOutExistingTaskInCurrentJob": "submitting again adds only missing tasks",
    "tasks.logs.*": "logs are stored as JOB.RUN/STAGE/TASK in the stack's container (`logs: completion`)",
    "tasks.outputs.*": "outputs are stored as JOB.RUN/STAGE/TASK in the stack's container; `shoal fetch` brings them",
    "tasks.retentionTimeInMinutes": "outputs and logs are stored, and expire by `shoal:outputsExpireAfterDays`",
    "storage.accountSASToken": ROLES,
    "storage.account*": "the stack has the storage account",
    "storage.output.*": "outputs go into the stack's container",
    "storage.*": "nothing reads it",
    "cleanup.*": "`shoal down` deletes the stack and nothing else",
}


def read_configuration(path: Path) -> object:
    """Raises BadInput for a file that is missing or is not JSON, with the line."""
    if path.exists() and not path.is_file():
        raise BadInput(f"{path} is not a file")  # reading a pipe would wait for ever
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as exc:
        raise BadInput(f"{path} does not exist") from exc
    except json.JSONDecodeError as exc:
        raise BadInput(f"{path} line {exc.lineno}: this is not valid JSON: {exc.msg}") from exc
    except (OSError, ValueError, RecursionError) as exc:
        raise BadInput(f"{path} cannot be read: {exc}") from exc


def imported_job(configuration: object, *, inputs: str | None = None, pool: str | None = None) -> Imported:
    """Return the job file of a configuration. Raises BadInput.

    `inputs` is the text of the file that ACT gets with -i.
    """
    top = Source(configuration)
    tasks, left_out = top.section("tasks"), list[LeftOut]()
    job_id, pool_id = top.section("job").text("id"), top.section("pool").text("id")
    if job_id is None or not (pool or pool_id):
        raise BadInput("job.id and pool.id must be there; give the config.json of ACT")
    listed = None if inputs is None else listed_inputs(inputs)
    in_storage = tasks.section("inputs").flag("areBlobsInInputStorage")
    slots = _slots(tasks.section("inputs"), top, listed, in_storage=in_storage, left_out=left_out)
    stage = _stage(top, tasks, listed, left_out, in_storage=in_storage) | without_empty({"slots": slots})
    retries = tasks.integer("retryCount")
    content = {
        "job": without_empty({"id": literal(job_id), "pool": pool or pool_id, "retries": retries}),
        "stages": [stage],
    }
    tables = {TABLE: table(listed, by_formula=slots != GIVEN_SLOTS)} if listed is not None and not in_storage else {}
    entry = pool_entry(top.section("pool"), left_out)
    left_out += rest(top, REASONS, "this is no key of ACT that Shoal knows")
    return Imported(job_id=job_id, content=content, left_out=left_out, pool=entry, tables=tables)


def _stage(
    top: Source, tasks: Source, listed: Sequence[Listed] | None, left_out: list[LeftOut], *, in_storage: bool
) -> dict[str, Any]:
    settings, storage = tasks.section("inputs"), top.section("storage")
    outputs = _outputs(tasks.section("outputs"))
    return without_empty(
        {
            "name": STAGE,
            "for_each": _blobs(settings, storage.section("input"), listed)
            if in_storage
            else _table_sweep(settings, listed, left_out),
            "command": _command(tasks, left_out),
            "shell": "bash",  # ACT's tasks are `/bin/bash -c`
            "inputs": _inputs(tasks.section("resources"), storage),
            "outputs": outputs,
            "skip": _skip(settings, left_out, has_outputs=bool(outputs)),
        }
    )


def _command(tasks: Source, left_out: list[LeftOut]) -> str:
    command, suffix = tasks.text("command"), tasks.text("commandSuffix") or ""
    if not command:
        raise BadInput("tasks.command is missing")
    line = f"{command} \0 {suffix}".rstrip()
    line = unsigned(line, tasks.key("command"), left_out)
    return "{{ input }}".join(map(literal, line.split("\0")))


def _table_sweep(settings: Source, listed: Sequence[Listed] | None, left_out: list[LeftOut]) -> dict[str, Any]:
    if listed is None:
        reason = f"the file that ACT gets with -i becomes {TABLE}; give it with --inputs"
        left_out.append(LeftOut(key=settings.key("areBlobsInInputStorage"), reason=reason))
    settings.leave("inputFileExtension")  # ACT takes all lines of the list
    return without_empty({"table": TABLE, "order": _order(settings, listed=True)})


def _blobs(settings: Source, place: Source, listed: Sequence[Listed] | None) -> dict[str, Any]:
    """Return the sweep over the blobs of the input storage; over the listed ones only, where ACT gets a list too."""
    extension = settings.text("inputFileExtension") or ""
    prefix = (place.text("path") or "") + (place.text("blobPrefix") or "")
    axis = {"blobs": prefix} | without_empty({"container": place.text("container")})
    conditions = [f"input.endswith({extension!r})"] if extension else []
    if listed:
        conditions.append(f"input in {[item.name for item in listed]!r}")
    return without_empty(
        {
            "product": {"input": axis},
            "where": " and ".join(conditions),
            "order": _order(settings, listed=False),
        }
    )


def _order(settings: Source, *, listed: bool) -> Any:
    order = settings.section("order")
    by, direction = order.text("by") or "name", order.text("type") or "asc"
    if by == "random":
        return {"random": 1}
    keys = {"name": "name", "size": "size" if listed else "input.size", "slots": "slots"}
    if by not in keys or direction not in ("asc", "desc"):
        raise BadInput(
            f"{order.path} has by: name, size, slots or random, and type: asc or desc; it is {by}, {direction}"
        )
    return None if by == "name" and "by" not in order else ("-" if direction == "desc" else "") + keys[by]


def _inputs(resources: Source, storage: Source) -> list[dict[str, Any]]:
    scripts, inputs = storage.section("scripts"), storage.section("input")
    files = []
    prefix = (scripts.text("path") or "") + (scripts.text("blobPrefix") or "")
    container = without_empty({"container": scripts.text("container")})
    if resources.flag("automaticScriptsUpload"):
        files.append({"blobs": literal(prefix), **container})
    if resources.flag("automaticInputsUpload"):
        # Those of a list as well: -i names blobs of the input container.
        files.append({"blob": "{{ input }}", **without_empty({"container": inputs.text("container")})})
    return files


def _outputs(outputs: Source) -> list[dict[str, Any]]:
    pattern = outputs.text("pattern")
    return [{"pattern": literal(pattern)}] if outputs.flag("automaticUpload") and pattern else []


def _slots(
    settings: Source, top: Source, listed: Sequence[Listed] | None, *, in_storage: bool, left_out: list[LeftOut]
) -> str | None:
    """Return the slots of a task: of its line in the list, or by the formula where the line has none."""
    if not in_storage and listed is None:
        settings.texts("taskSlotFormula")  # the list, which may have the slots, is asked for
        return None
    given = 0 if in_storage or listed is None else sum(item.slots is not None for item in listed)
    if not in_storage and listed is not None and given == len(listed):
        settings.texts("taskSlotFormula")  # each line has its slots
        return GIVEN_SLOTS
    expression = _formula(settings, top, INPUTS if in_storage else COLUMNS, left_out)
    if expression is None or expression == "1":
        return None if in_storage else GIVEN_SLOTS
    if not in_storage:
        reason = "it gives the slots of listed inputs that have none as well, where ACT itself takes 1"
        left_out.append(LeftOut(key=settings.key("taskSlotFormula"), reason=reason))
    return "{{ " + (f"{LISTED_SLOTS} or {expression}" if given else expression) + " }}"


def _formula(settings: Source, top: Source, names: Mapping[str, str], left_out: list[LeftOut]) -> str | None:
    statements = settings.texts("taskSlotFormula")
    if not statements:
        return None
    try:
        return slots_expression(statements, lambda path: _setting(top, path), names)
    except NotCarriedOver as exc:
        reason = f"{exc}; write it as an expression in `slots`"
        left_out.append(LeftOut(key=settings.key("taskSlotFormula"), reason=reason))
        return None


def _setting(top: Source, path: str) -> object:
    """Return a number or a text of the configuration. Raises NotCarriedOver."""
    *sections, key = path.split(".")
    source = top
    for section in sections:
        source = source.section(section)
    value = source.peek(key)
    if not isinstance(value, int | float | str):
        raise NotCarriedOver(f"${path} is no number or text of the configuration")
    return value


def _skip(settings: Source, left_out: list[LeftOut], *, has_outputs: bool) -> str | None:
    """Tasks whose outputs exist are found by the content that made them, so no name of an output is needed."""
    settings.leave("outputFileExtension")
    if not settings.flag("filterOutExistingBlobInOutputStorage"):
        return None
    if not has_outputs:
        reason = "`skip: exists` belongs to a stage with outputs; name in `outputs` what the command leaves"
        left_out.append(LeftOut(key=settings.key("filterOutExistingBlobInOutputStorage"), reason=reason))
    return "exists" if has_outputs else None
