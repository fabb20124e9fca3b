"""The two engines as the command sees them, and which of them deploys a stack."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shoal.arm import ArmError
from shoal.azure_errors import with_explanations
from shoal.deploy.embedded.deployment_lock import deployment_lock
from shoal.deploy.embedded.engine import Host, deploy, destroy, find_host
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.pulumi.pulumi_state import load_state
from shoal.deploy.steps import Step
from shoal.errors import BadInput, WorkFailed
from shoal.projects.project import Service, Stack

if TYPE_CHECKING:
    from shoal.deploy.pulumi.automation import PulumiEngine

EngineName = Literal["embedded", "pulumi"]
TITLES: Mapping[EngineName, str] = {"embedded": "the embedded engine", "pulumi": "Pulumi's engine"}


class Engine(Protocol):
    @property
    def name(self) -> EngineName: ...
    @property
    def place(self) -> str:
        """Where it deploys to, in words."""

    def resources(self, stack: Stack) -> int | None:
        """How many the stack has; None where it is not deployed, or this is not known without asking Azure."""

    def deploy(
        self, stack: Stack, *, preview: bool, on_step: Callable[[Step], None], quiet: bool = False
    ) -> Mapping[str, Any]:
        """The outputs; in a preview, what is not yet known is `properties.UNKNOWN`. Raises BadInput and WorkFailed.

        What the program says goes to stderr; `quiet`, only where it fails.
        """

    def destroy(self, stack: Stack, *, on_step: Callable[[Step], None]) -> None:
        """Delete everything that the stack has. Raises BadInput and WorkFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedEngine:
    host: Host
    name: EngineName = "embedded"

    @property
    def place(self) -> str:
        return self.host.arm.endpoint

    def resources(self, stack: Stack) -> int | None:
        record = load_record(self.host.arm, stack.project.name, stack.name)
        return None if record is None else len(record.resources)

    def deploy(
        self, stack: Stack, *, preview: bool, on_step: Callable[[Step], None], quiet: bool = False
    ) -> Mapping[str, Any]:
        turn = nullcontext() if preview else deployment_lock(stack, self.host.status)
        with turn, _explained():
            return deploy(stack, self.host, preview=preview, on_step=on_step, quiet=quiet)

    def destroy(self, stack: Stack, *, on_step: Callable[[Step], None]) -> None:
        with deployment_lock(stack, self.host.status), _explained():
            record = load_record(self.host.arm, stack.project.name, stack.name)
            if record is not None:
                destroy(record, self.host, on_step=on_step)


def choose_engine(stack: Stack, asked: EngineName | None) -> Engine:
    """The one that is asked for, else the one that deployed the stack, else Pulumi's where there is a `pulumi`.

    Raises BadInput where the stack is not its to deploy.
    """
    if stack.service is Service.AZURE:
        return _azure_engine(stack, asked)
    host = find_host()
    holder = holding_engine(stack, host)
    chosen: EngineName = asked or holder or ("pulumi" if shutil.which("pulumi") else "embedded")
    if holder is not None and chosen != holder:
        raise BadInput(
            f"stack {stack.name} was deployed by {TITLES[holder]}, whose state {TITLES[chosen]} does not know; "
            f"leave out --engine {chosen}, or take the stack down first with `shoal down -s {stack.name}`"
        )
    return EmbeddedEngine(host=host) if chosen == "embedded" else _local_pulumi(host)


def holding_engine(stack: Stack, host: Host) -> EngineName | None:
    """Which engine has something of a local stack."""
    if load_record(host.arm, stack.project.name, stack.name) is not None:
        return "embedded"
    return "pulumi" if load_state(Path(host.status.state_dir), stack.project.name, stack.name) else None


@contextmanager
def _explained() -> Iterator[None]:
    """What the service refuses to the engine itself rather than to the program, which tells its own."""
    try:
        yield
    except ArmError as exc:
        raise WorkFailed(with_explanations([str(exc)])) from exc


def _azure_engine(stack: Stack, asked: EngineName | None) -> "PulumiEngine":
    from shoal.deploy.pulumi.automation import PulumiEngine

    if asked == "embedded":
        raise BadInput(f"stack {stack.name} is in Azure, where Pulumi's engine deploys; leave out --engine embedded")
    return PulumiEngine(status=None)


def _local_pulumi(host: Host) -> "PulumiEngine":
    from shoal.deploy.pulumi.automation import PulumiEngine

    return PulumiEngine(status=host.status)
