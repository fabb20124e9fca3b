"""The checkpoint that Pulumi's engine keeps of a local stack, in the directory that `local_environment` gives it.

Source: pulumi/pkg/backend/diy (the file's place) and sdk/go/common/apitype (a checkpoint of version 3), v3.259.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.deploy.pulumi.local_environment import state_directory
from shoal.deploy.resources.properties import masked
from shoal.deploy.resources.urns import STACK_TYPE
from shoal.errors import WorkFailed

VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    resources: int
    """The number of resources, without components and providers."""
    outputs: Mapping[str, Any]
    """The stack's outputs; secrets are masked."""


def load_checkpoint(service_state: Path, project: str, stack: str) -> Checkpoint | None:
    """Return the checkpoint, or None if it holds no resources. Raises WorkFailed for one of an unknown version."""
    path = state_directory(service_state) / ".pulumi" / "stacks" / project / f"{stack}.json"
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    if document["version"] != VERSION:
        raise WorkFailed(f"{path} has version {document['version']}, which Shoal cannot read; use `pulumi stack`")
    # Both are left out where they are empty: in a stack that was only initialised, and in one that was destroyed.
    resources = (document["checkpoint"].get("latest") or {}).get("resources") or []
    if not resources:
        return None
    outputs: Mapping[str, Any] = next((r.get("outputs", {}) for r in resources if r["type"] == STACK_TYPE), {})
    return Checkpoint(
        resources=sum(r["custom"] and not r["type"].startswith("pulumi:") for r in resources), outputs=masked(outputs)
    )
