"""The outputs of a deployed stack: read from this machine for local stacks, from Pulumi's command for others."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.embedded_service import EmbeddedService, find_service
from shoal.deploy.pulumi import INSTALL_PAGE
from shoal.deploy.pulumi.checkpoint import load_checkpoint
from shoal.environment import Environment, from_json
from shoal.errors import BadInput
from shoal.projects.project import Stack, StackService, find_project, read_stack


def find_environment(
    stack: str, document: Path | None, *, project_dir: Path, job_file: Path | None = None
) -> Environment:
    """Return the environment in a file if one is named, else that of the deployed stack. Raises BadInput."""
    if document is None:
        return environment_of(stack, project_dir=project_dir, job_file=job_file)
    outputs = read_outputs(document)
    try:
        return from_json(outputs)
    except BadInput as exc:
        raise BadInput(f"{document}: {exc}") from exc


def read_outputs(document: Path) -> Mapping[str, Any]:
    """Read a file of outputs, as `shoal outputs --json` prints them. Raises BadInput."""
    try:
        outputs = json.loads(document.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise BadInput(f"{document} is not an environment document, from `shoal outputs --json`: {exc}") from exc
    if not isinstance(outputs, dict):
        raise BadInput(f"{document} is not an environment document, from `shoal outputs --json`: it is no object")
    return outputs


def environment_of(stack: str, *, project_dir: Path, job_file: Path | None = None) -> Environment:
    """Return the environment of a stack of the project in this directory or above it, else around the job file.

    Raises BadInput where there is no such stack, it is not deployed, or its service does not answer.
    """
    others = [] if job_file is None else [job_file.absolute().parent]
    return from_json(outputs_of(read_stack(stack, find_project(project_dir, *others))))


def outputs_of(stack: Stack) -> Mapping[str, Any]:
    """Return the outputs of a deployed stack. Raises BadInput."""
    match stack.service:
        case StackService.EMBEDDED:
            return _local_outputs(stack)
        case StackService.AZURE:
            return _pulumi_outputs(stack)


def _local_outputs(stack: Stack) -> Mapping[str, Any]:
    service = find_service()
    outputs = _recorded_outputs(stack, service)
    if outputs is None:
        raise BadInput(f"stack {stack.name} is not deployed; run `shoal up -s {stack.name}`")
    deployed_at = outputs.get("arm_endpoint", service.arm.endpoint)
    # The service may have been started again on other ports, and the outputs hold the former addresses.
    if deployed_at != service.arm.endpoint:
        raise BadInput(
            f"stack {stack.name} was deployed when the service was at {deployed_at}; now it is at "
            f"{service.arm.endpoint}; run `shoal up -s {stack.name}` again"
        )
    return outputs


def _recorded_outputs(stack: Stack, service: EmbeddedService) -> Mapping[str, Any] | None:
    record = load_record(service.arm, stack.project.name, stack.name)
    if record is not None:
        return record.outputs
    checkpoint = load_checkpoint(Path(service.status.state_dir), stack.project.name, stack.name)
    return None if checkpoint is None else checkpoint.outputs


def _pulumi_outputs(stack: Stack) -> Mapping[str, Any]:
    if shutil.which("pulumi") is None:
        raise BadInput(f"stack {stack.name} is in Azure; its outputs need `pulumi` on the PATH ({INSTALL_PAGE})")
    command = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--stack", stack.name],
        cwd=stack.project.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if command.returncode != 0:
        raise BadInput(f"`pulumi stack output` failed for stack {stack.name}: {command.stderr.strip()}")
    outputs: Mapping[str, Any] = json.loads(command.stdout)
    if not outputs:
        raise BadInput(f"stack {stack.name} is not deployed; run `pulumi up -s {stack.name}`")
    return outputs
