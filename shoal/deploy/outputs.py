"""The document that a deployed stack leaves: kept on this machine for local stacks, asked of Pulumi for others."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoal.deploy.embedded.engine import Host, find_host
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.pulumi.pulumi_state import load_state
from shoal.environment import Environment, from_json
from shoal.errors import BadInput
from shoal.projects.project import Service, Stack, find_project, read_stack


def find_environment(stack: str, document: Path | None, *, project_dir: Path) -> Environment:
    """From a file where one is named, else of the deployed stack."""
    if document is None:
        return environment_of(stack, project_dir=project_dir)
    try:
        outputs = json.loads(document.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise BadInput(f"{document} is not an environment document: {exc}") from exc
    try:
        return from_json(outputs if isinstance(outputs, dict) else {})
    except BadInput as exc:
        raise BadInput(f"{document}: {exc}") from exc


def environment_of(stack: str, *, project_dir: Path) -> Environment:
    """Of the project in that directory or above it.

    Raises BadInput where there is no such stack, it is not deployed, or its service cannot be asked.
    """
    return from_json(outputs_of(read_stack(stack, find_project(project_dir))))


def outputs_of(stack: Stack) -> Mapping[str, Any]:
    match stack.service:
        case Service.EMBEDDED:
            return _local_outputs(stack)
        case Service.AZURE:
            return _pulumi_outputs(stack)


def _local_outputs(stack: Stack) -> Mapping[str, Any]:
    host = find_host()
    outputs = _left_by_either_engine(stack, host)
    if outputs is None:
        raise BadInput(f"stack {stack.name} is not deployed; run `shoal up -s {stack.name}`")
    deployed_at = outputs.get("arm_endpoint", host.arm.endpoint)
    if deployed_at != host.arm.endpoint:
        raise BadInput(
            f"stack {stack.name} was deployed when the service was at {deployed_at}, it is at {host.arm.endpoint} now; "
            f"run `shoal up -s {stack.name}`"
        )
    return outputs


def _left_by_either_engine(stack: Stack, host: Host) -> Mapping[str, Any] | None:
    record = load_record(host.arm, stack.project.name, stack.name)
    if record is not None:
        return record.outputs
    state = load_state(Path(host.status.state_dir), stack.project.name, stack.name)
    return None if state is None else state.outputs


def _pulumi_outputs(stack: Stack) -> Mapping[str, Any]:
    if shutil.which("pulumi") is None:
        raise BadInput(f"stack {stack.name} is in Azure and `pulumi`, which knows its outputs, is not on the PATH")
    asked = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--stack", stack.name],
        cwd=stack.project.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise BadInput(f"`pulumi stack output` knows nothing of stack {stack.name}: {asked.stderr.strip()}")
    outputs: Mapping[str, Any] = json.loads(asked.stdout)
    if not outputs:
        raise BadInput(f"stack {stack.name} is not deployed; run `pulumi up -s {stack.name}`")
    return outputs
