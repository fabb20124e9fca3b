"""A Pulumi project on disk: the configuration keys that `Pulumi.yaml` declares, and the values of a stack's file."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from shoal.errors import BadInput
from shoal.projects.configuration_keys import full_key, key_faults

PROJECT_FILE = "Pulumi.yaml"
STACK_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""Source: Pulumi's sdk/go/common/tokens, ParseStackName."""


class StackService(StrEnum):
    """The service that a stack is deployed to; the configuration key is PROJECT:service."""

    AZURE = "azure"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A configuration key that `Pulumi.yaml` declares under `config`."""

    type: str | None
    items: Mapping[str, Any] | None
    default: Any
    """The default, or the fixed value of a key of another namespace; None if a stack must give one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    name: str
    directory: Path
    program: Path
    declarations: Mapping[str, Declaration]
    """Declarations by full key, `project:key`."""

    @property
    def service_key(self) -> str:
        return f"{self.name}:service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    project: Project
    name: str
    file: str
    config: Mapping[str, str]
    """Values by full key, defaults included; lists and objects are JSON, as Pulumi passes them to a program."""
    encrypted: tuple[str, ...] = ()
    """Keys whose values have an encrypted part."""

    @property
    def service(self) -> StackService:
        """The service that the stack names. Raises BadInput where it names none: there is no default."""
        key = self.project.service_key
        if fault := _service_fault(key, self.config.get(key)):
            raise BadInput(f"{fault} ({self.file})")
        return StackService(self.config[key])

    def refuse_encrypted(self) -> None:
        """Raise BadInput if a value is encrypted: the key is with Pulumi's engine."""
        if self.encrypted:
            raise BadInput(f"{self.encrypted[0]} is encrypted, which only Pulumi's own engine can read ({self.file})")


def find_project(start: Path, *others: Path) -> Path:
    """Return the nearest directory with a Pulumi.yaml, from `start` upwards, else from the others. Raises BadInput."""
    for place in (start, *others):
        for directory in (place, *place.parents):
            if (directory / PROJECT_FILE).is_file():
                return directory
    places = " or ".join(dict.fromkeys(map(str, (start, *others))))
    raise BadInput(f"there is no {PROJECT_FILE} in {places} or above it; go to the project's directory, or pass -C DIR")


def read_project(directory: Path) -> Project:
    """Read `Pulumi.yaml`. Raises BadInput."""
    document = _read_yaml(directory / PROJECT_FILE)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise BadInput(f"{PROJECT_FILE} in {directory} has no name")
    runtime = document.get("runtime")
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    if language != "python":
        raise BadInput(f"the program's runtime is {language}; Shoal deploys programs in python ({PROJECT_FILE})")
    main = directory / (document.get("main") or "")
    return Project(
        name=name,
        directory=directory,
        program=main / "__main__.py" if main.is_dir() else main,
        declarations={
            _full_key(name, key): _declaration(value) for key, value in (document.get("config") or {}).items()
        },
    )


def read_stack(name: str, directory: Path) -> Stack:
    """Read a stack's configuration, apply defaults and check types as Pulumi does.

    Raises BadInput with all mistakes, one a line.
    """
    if not STACK_NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot name a stack: at most 100 letters, digits, hyphens, underscores and periods")
    project = read_project(directory)
    file = f"Pulumi.{name}.yaml"
    if not (directory / file).is_file():
        known = sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in directory.glob("Pulumi.*.yaml"))
        raise BadInput(f"stack {name} has no {file} in {directory}; the stacks there are: {', '.join(known) or 'none'}")
    given = _given(directory / file)
    values = {**{key: declaration.default for key, declaration in project.declarations.items()}, **given}
    if faults := list(_faults(project, given, values)):
        raise BadInput("\n".join(f"{fault} ({file})" for fault in faults))
    return Stack(
        project=project,
        name=name,
        file=file,
        config={key: _as_text(value) for key, value in values.items()},
        encrypted=tuple(key for key, value in values.items() if _is_encrypted(value)),
    )


def _given(file: Path) -> dict[str, Any]:
    """Return the values in a stack's file by full key."""
    config = _read_yaml(file).get("config") or {}
    if not isinstance(config, dict):
        raise BadInput(f"config must be a mapping of keys to values ({file.name})")
    return {full_key(str(key)): value for key, value in config.items()}


def _faults(project: Project, given: Collection[str], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the mistakes in keys, then those in values; a key that was meant and mistyped is not missing too."""
    mistyped = list(key_faults(given, project=project.name, declared=project.declarations))
    yield from (fault.text for fault in mistyped)
    checked = project.declarations.keys() - {fault.meant for fault in mistyped}
    for key, declaration in project.declarations.items():
        if key in checked and (fault := _value_fault(project, key, declaration, values[key])):
            yield fault


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else "?"
        raise BadInput(f"{path.name} line {line}: {exc.problem}") from exc
    except (yaml.YAMLError, ValueError) as exc:
        raise BadInput(f"{path.name} is not text in YAML") from exc
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise BadInput(f"{path.name} must be a mapping of keys to values")
    return document


def _declaration(value: Any) -> Declaration:
    if not isinstance(value, dict):
        return Declaration(type=None, items=None, default=value)
    default = value.get("default", value.get("value"))
    return Declaration(type=value.get("type"), items=value.get("items"), default=default)


def _full_key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _value_fault(project: Project, key: str, declaration: Declaration, value: Any) -> str | None:
    if value is None:
        return _service_fault(key, None) if key == project.service_key else f"{key} is missing"
    if _is_encrypted(value) or declaration.type is None or _fits(declaration.type, declaration.items, value):
        return None
    return f"{key} is {_as_text(value)}; it must be of type {declaration.type}"


def _service_fault(key: str, value: str | None) -> str | None:
    if value is None:
        return f"{key} is not given; give azure for a stack in Azure, or embedded for one on this machine"
    return None if value in set(StackService) else f"{key} is {value}; it must be {' or '.join(StackService)}"


def _fits(kind: str, items: Mapping[str, Any] | None, value: Any) -> bool:
    """True if the value is of the declared type.

    Source: ValidateConfigValue of Pulumi's sdk/go/common/workspace/project.go, v3.259.
    """
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return (whole and not isinstance(value, bool)) or (isinstance(value, str) and _is_integer(value))
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "object":
            return isinstance(value, dict)
        case "array" if isinstance(value, list) and items is not None:
            return all(_fits(items["type"], items.get("items"), item) for item in value)
        case _:
            return False


def _is_integer(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _is_encrypted(value: Any) -> bool:
    """True if any part of the value is encrypted."""
    match value:
        case dict():
            return "secure" in value or any(_is_encrypted(item) for item in value.values())
        case list():
            return any(_is_encrypted(item) for item in value)
        case _:
            return False


def _as_text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool() | list() | dict():
            return json.dumps(value, default=str)  # YAML turns text that looks like a date into one
        case _:
            return str(value)
