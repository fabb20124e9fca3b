"""The two engines as the command sees them, and the choice of the one that deploys a stack."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shoal.deploy.embedded.embedded_engine import EmbeddedEngine
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.embedded_service import EmbeddedService, find_service
from shoal.deploy.pulumi.checkpoint import load_checkpoint
from shoal.deploy.steps import ResourceStep
from shoal.errors import BadInput
from shoal.projects.project import Stack, StackService
from shoal.service_status import Status

if TYPE_CHECKING:
    from shoal.deploy.pulumi.pulumi_engine import PulumiEngine

EngineName = Literal["embedded", "pulumi"]
TITLES: Mapping[EngineName, str] = {"embedded": "the embedded engine", "pulumi": "Pulumi's engine"}


class Engine(Protocol):
    @property
    def name(self) -> EngineName: ...
    @property
    def place(self) -> str:
        """Address or name of the service that it deploys to."""

    def resources(self, stack: Stack) -> int | None:
        """Count the stack's resources; None where it is not deployed, or where only Azure knows."""

    def deploy(
        self, stack: Stack, *, preview: bool, on_step: Callable[[ResourceStep], None], quiet: bool = False
    ) -> Mapping[str, Any]:
        """Deploy or preview the stack and return its outputs. Raises BadInput and WorkFailed.

        In a preview, an output that only the deployment can know is `properties.UNKNOWN`. What the program prints goes
        to stderr; with `quiet`, only where it fails.
        """

    def destroy(self, stack: Stack, *, on_step: Callable[[ResourceStep], None]) -> None:
        """Delete everything that the stack has. Raises BadInput and WorkFailed."""


def choose_engine(stack: Stack, requested: EngineName | None) -> Engine:
    """Return the requested engine, else the one that deployed the stack, else Pulumi's if `pulumi` is on the PATH.

    Raises BadInput where that engine cannot deploy the stack.
    """
    if stack.service is StackService.AZURE:
        if requested == "embedded":
            raise BadInput(f"stack {stack.name} is in Azure, which only Pulumi's engine deploys to; leave out --engine")
        return _pulumi_engine(status=None)
    service = find_service()
    holder = holding_engine(stack, service)
    chosen: EngineName = requested or holder or ("pulumi" if shutil.which("pulumi") else "embedded")
    if holder is not None and chosen != holder:
        raise BadInput(
            f"stack {stack.name} was deployed by {TITLES[holder]}, whose state {TITLES[chosen]} does not know; "
            f"leave out --engine {chosen}, or take the stack down first with `shoal down -s {stack.name}`"
        )
    return EmbeddedEngine(service=service) if chosen == "embedded" else _pulumi_engine(status=service.status)


def holding_engine(stack: Stack, service: EmbeddedService) -> EngineName | None:
    """Return the engine whose state has resources of a local stack, or None."""
    if load_record(service.arm, stack.project.name, stack.name) is not None:
        return "embedded"
    return "pulumi" if load_checkpoint(Path(service.status.state_dir), stack.project.name, stack.name) else None


def _pulumi_engine(*, status: Status | None) -> "PulumiEngine":
    from shoal.deploy.pulumi.pulumi_engine import PulumiEngine  # imports Pulumi, which takes long

    return PulumiEngine(status=status)
