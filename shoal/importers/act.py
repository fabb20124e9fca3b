"""`config.json` of ACT (Azure Custom Tasks): one job with one stage, whose sweep is the list of inputs.

Source: ACT (MeirellesLab/AzureCustomTasks), wiki/configuration.md and src/act (2025-03).
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.importers.act_pool import pool_entry
from shoal.importers.act_slots import NotCarriedOver, slots_expression
from shoal.importers.imported import Imported, LeftOut, literal, rest, unsigned, without_empty
from shoal.importers.source import Source

STAGE = "tasks"
TABLE = "inputs.csv"
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
    stage = _stage(top, tasks, inputs, left_out)
    retries = tasks.integer("retryCount")
    content = {
        "job": without_empty({"id": literal(job_id), "pool": pool or pool_id, "retries": retries}),
        "stages": [stage],
    }
    tables = {TABLE: _table(inputs)} if inputs is not None else {}
    entry = pool_entry(top.section("pool"), left_out)
    left_out += rest(top, REASONS, "this is no key of ACT that Shoal knows")
    return Imported(job_id=job_id, content=content, left_out=left_out, pool=entry, tables=tables)


def _stage(top: Source, tasks: Source, inputs: str | None, left_out: list[LeftOut]) -> dict[str, Any]:
    settings, storage = tasks.section("inputs"), top.section("storage")
    in_storage = settings.flag("areBlobsInInputStorage")
    outputs = _outputs(tasks.section("outputs"))
    return without_empty(
        {
            "name": STAGE,
            "for_each": _for_each(
                settings, storage, in_storage=in_storage, listed=inputs is not None, left_out=left_out
            ),
            "command": _command(tasks, left_out),
            "shell": "bash",  # ACT's tasks are `/bin/bash -c`
            "inputs": _inputs(tasks.section("resources"), storage, in_storage=in_storage),
            "outputs": outputs,
            "skip": _skip(settings, left_out, has_outputs=bool(outputs)),
            "slots": _slots(settings, top, in_storage=in_storage, listed=inputs is not None, left_out=left_out),
        }
    )


def _command(tasks: Source, left_out: list[LeftOut]) -> str:
    command, suffix = tasks.text("command"), tasks.text("commandSuffix") or ""
    if not command:
        raise BadInput("tasks.command is missing")
    line = f"{command} \0 {suffix}".rstrip()
    line = unsigned(line, tasks.key("command"), left_out)
    return "{{ input }}".join(map(literal, line.split("\0")))


def _for_each(
    settings: Source, storage: Source, *, in_storage: bool, listed: bool, left_out: list[LeftOut]
) -> dict[str, Any]:
    extension, place = settings.text("inputFileExtension") or "", storage.section("input")
    if not in_storage:
        if not listed:
            reason = f"the file that ACT gets with -i becomes {TABLE}; give it with --inputs"
            left_out.append(LeftOut(key=settings.key("areBlobsInInputStorage"), reason=reason))
        return without_empty({"table": TABLE, "order": _order(settings, listed=True)})
    container = place.text("container")
    prefix = (place.text("path") or "") + (place.text("blobPrefix") or "")
    axis = without_empty({"blobs": prefix, "container": container}) | {"blobs": prefix}
    return without_empty(
        {
            "product": {"input": axis},
            "where": f"input.endswith({extension!r})" if extension else None,
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


def _inputs(resources: Source, storage: Source, *, in_storage: bool) -> list[dict[str, Any]]:
    scripts, inputs = storage.section("scripts"), storage.section("input")
    files = []
    container, prefix = scripts.text("container"), (scripts.text("path") or "") + (scripts.text("blobPrefix") or "")
    if resources.flag("automaticScriptsUpload"):
        files.append({"blobs": literal(prefix), "container": container})
    if resources.flag("automaticInputsUpload") and in_storage:
        files.append({"blob": "{{ input }}", "container": inputs.text("container")})
    return files


def _outputs(outputs: Source) -> list[dict[str, Any]]:
    pattern = outputs.text("pattern")
    return [{"pattern": literal(pattern)}] if outputs.flag("automaticUpload") and pattern else []


def _slots(settings: Source, top: Source, *, in_storage: bool, listed: bool, left_out: list[LeftOut]) -> str | None:
    statements = settings.texts("taskSlotFormula")
    if not in_storage:
        return "{{ slots }}" if listed else None
    if not statements:
        return None
    try:
        return "{{ " + slots_expression(statements, lambda path: _setting(top, path)) + " }}"
    except NotCarriedOver as exc:
        left_out.append(
            LeftOut(key=settings.key("taskSlotFormula"), reason=f"{exc}; write it as an expression in `slots`")
        )
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


def _table(text: str) -> str:
    """Return ACT's list of inputs, `name[,size[,slots]]`, as a table with a header. Raises BadInput with the line."""
    rows = [["input", "size", "slots"]]
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        if row and row[0].strip() and not row[0].startswith("#"):
            rows.append([row[0].strip(), _whole(row, 1, "0", number), _whole(row, 2, "1", number)])
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


def _whole(row: list[str], index: int, default: str, line: int) -> str:
    value = row[index].strip() if len(row) > index else ""
    if value and not value.isdecimal():
        raise BadInput(
            f"the list of inputs, line {line}: {('size', 'slots')[index - 1]} must be a whole number; it is '{value}'"
        )
    return value or default
