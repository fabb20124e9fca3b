"""Records by rule: what a type requires, what it refers to, what the service adds, and whether others hold it.

Paths are dotted, from the body: `properties.sku.name`; `[]` stands for each item of a list. What stands below
something that is not given is not asked for.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, deployment_stacks, records
from shoal.local.arm.arm_call import ArmCall, Handler, JsonObject, ResourceKind, described
from shoal.local.arm.ids import Target
from shoal.local.scheduler.loop import Transaction

Check = Callable[[ArmCall, JsonObject, JsonObject | None], None]
"""Takes a body and the existing resource. Raises BatchError."""
MENTIONS = "(instr(lower({0}), lower('\"' || ?1 || '\"')) OR instr(lower({0}), lower('\"' || ?1 || '/')))"
HOLDERS = f"""
    SELECT id FROM arm_resources
    WHERE {MENTIONS.format("CAST(body AS TEXT)")} AND NOT {records.BELOW} AND type != ?2
    UNION ALL
    SELECT 'pool ' || id FROM pools WHERE {MENTIONS.format("CAST(definition AS TEXT)")}
    LIMIT 1
"""


JsonType = type[dict[str, Any] | list[Any] | str | int | float]
JSON_TYPES: Mapping[JsonType, str] = {dict: "object", list: "array", str: "string", int: "integer", float: "number"}


def _nothing(_target: Target) -> JsonObject:
    return {}


def _anything(_call: ArmCall, _body: JsonObject, _old: JsonObject | None) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    type: str
    located: bool = True
    beside: tuple[str, ...] = ()
    """Members of the body beside `location`, `tags` and `properties`."""
    required: tuple[str, ...] = ()
    types: Mapping[str, JsonType] = field(default_factory=dict)
    """Types of the values that `check` and others read, by path."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Paths of ids, and the type that each must be of; empty for any."""
    check: Check = _anything
    """A check for what the rules above cannot express."""
    answers: Callable[[Target], JsonObject] = _nothing
    """Properties that only the service says."""
    held: str = ""
    """Error code of its deletion while others refer to it; empty where that is no matter."""


def kind(rules: Rules) -> ResourceKind:
    verbs: dict[str, Handler] = {
        "PUT": records.putter(rules.type, completer(rules)),
        "GET": records.getter(),
        "DELETE": deleter(rules),
    }
    return ResourceKind(type=rules.type, verbs=verbs, listing=records.lister(rules.type))


def completer(rules: Rules) -> records.Complete:
    def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
        _require(rules, call.target, body)
        if old is not None and old.get("location") != body.get("location"):
            raise arm_failures.location_cannot_change(call.target.path, old["location"])
        for path, type_ in rules.references.items():
            for _, id_ in values_at(body, path):
                _require_referenced(call, id_, type_)
        rules.check(call, body, old)
        known = ("location", "tags", *rules.beside)
        return described(
            call.target,
            rules.type,
            {
                **{name: body[name] for name in known if body.get(name) is not None},
                "properties": {**records.properties(body), **rules.answers(call.target)},
            },
        )

    return complete


def _require(rules: Rules, target: Target, body: JsonObject) -> None:
    if rules.located and not body.get("location"):
        raise arm_failures.location_required(target.path)
    for path, type_ in rules.types.items():
        for where, value in values_at(body, path):
            if value is not None and not _is(value, type_):
                raise arm_failures.invalid_content(f"{where} must be of type {JSON_TYPES[type_]}")
    for path in rules.required:
        for where, value in values_at({"properties": {}, **body}, path):
            if value in (None, "", []):
                raise arm_failures.invalid_content(f"the required property {where} is missing")


def _is(value: Any, type_: JsonType) -> bool:
    return isinstance(value, (int, float) if type_ is float else type_) and not isinstance(value, bool)


def _require_referenced(call: ArmCall, id_: Any, type_: str) -> None:
    if id_ is None:
        return
    found = records.find(call.service.connection, str(id_))
    if found is None or (type_ and str(found["type"]).lower() != type_.lower()):
        raise arm_failures.reference_not_found(call.target.path, str(id_))


def values_at(body: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that the path names, with its place; None where only the last name is missing."""
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    found, here = (body.get(name) if isinstance(body, dict) else None), f"{where}.{name}".removeprefix(".")
    items = [(here, found)]
    if head.endswith("[]"):
        if not isinstance(found, list | None):
            raise arm_failures.invalid_content(f"{here} must be a list")
        items = [(f"{here}[{position}]", item) for position, item in enumerate(found or [])]
        if place := next((place for place, item in items if item is None), None):
            raise arm_failures.invalid_content(f"{place} is null")
    for place, item in items:
        if not rest:
            yield place, item
        elif item is not None:
            yield from values_at(item, rest, place)


def deleter(rules: Rules) -> Handler:
    async def delete(call: ArmCall) -> Answer:
        def change(tx: Transaction) -> int:
            if records.find(tx.connection, call.target.path) is None:
                return 204
            if rules.held:
                require_free(tx.connection, call.target.path, rules.held)
            records.forget(tx, call.target.path)
            return 200

        return Answer(status=await call.service.loop.change(change))

    return delete


def require_free(connection: sqlite3.Connection, path: str, code: str) -> None:
    """Raises BatchError where another resource refers to this one or to what is below it."""
    holder = connection.execute(HOLDERS, (path, deployment_stacks.TYPE)).fetchone()
    if holder is not None:
        raise arm_failures.in_use(code, path, holder["id"])
