"""The resources that the repository's own program registers for a stack's file, recorded; nothing is made."""

import runpy
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi.runtime import set_all_config

from shoal.deploy.resources.properties import decode, encode
from shoal.projects.project import StackService, read_stack
from tests.programs import record
from tests.services import REPOSITORY

STACK_FILES = sorted([*REPOSITORY.glob("Pulumi.*.yaml"), *(REPOSITORY / "examples" / "stacks").glob("*.yaml")])
LOCAL_ARM = "http://127.0.0.1:1"
"""A program asks only for its form: calls are answered by the recorder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    type: str
    name: str
    inputs: Mapping[str, Any]


def declared_resources(file: Path, tmp_path: Path) -> list[Declared]:
    """All resources of the stack that are not components. `file` is named `Pulumi.STACK.yaml` or `STACK.yaml`."""
    name = file.stem.removeprefix("Pulumi.")
    shutil.copy(REPOSITORY / "Pulumi.yaml", tmp_path)
    shutil.copy(file, tmp_path / f"Pulumi.{name}.yaml")
    stack = read_stack(name, tmp_path)
    config = dict(stack.config)
    if stack.service is StackService.EMBEDDED:
        config["azure-native:metadataHost"] = LOCAL_ARM

    def program() -> None:
        set_all_config(config)
        runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")

    return [
        Declared(type=resource.type, name=resource.name, inputs=decode(encode(resource.inputs)).values)
        for resource in record(program, stack=name, root=str(REPOSITORY)).resources
        if not resource.type.startswith(("shoal:", "pulumi:"))
    ]
