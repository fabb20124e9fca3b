"""What Pulumi's engine keeps of a local stack, read from where shoal.deploy.pulumi.local_environment has it keep it.

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
class PulumiState:
    resources: int
    """Without components and providers."""
    outputs: Mapping[str, Any]
    """A secret is masked."""


def load_state(service_state: Path, project: str, stack: str) -> PulumiState | None:
    """None where Pulumi's engine has nothing of the stack. Raises WorkFailed for a state of an unknown version."""
    path = state_directory(service_state) / ".pulumi" / "stacks" / project / f"{stack}.json"
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    if document["version"] != VERSION:
        raise WorkFailed(f"{path} is of version {document['version']}, which Shoal cannot read; ask `pulumi stack`")
    resources = (document["checkpoint"].get("latest") or {}).get("resources") or []
    if not resources:
        return None
    outputs: Mapping[str, Any] = next((r.get("outputs", {}) for r in resources if r["type"] == STACK_TYPE), {})
    return PulumiState(
        resources=sum(r["custom"] and not r["type"].startswith("pulumi:") for r in resources), outputs=masked(outputs)
    )
