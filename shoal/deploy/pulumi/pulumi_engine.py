"""Pulumi's engine, driven through its Automation API; the project's program runs in this process."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pulumi import automation
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, InvalidVersionError, StackNotFoundError

from shoal.azure_errors import with_explanations
from shoal.deploy.pool_steps import PoolSteps
from shoal.deploy.program import execute
from shoal.deploy.pulumi import INSTALL_PAGE
from shoal.deploy.pulumi.checkpoint import load_checkpoint
from shoal.deploy.pulumi.engine_events import EngineEvents
from shoal.deploy.pulumi.interruptible_command import InterruptibleCommand
from shoal.deploy.pulumi.local_environment import local_variables
from shoal.deploy.resources.properties import MASK
from shoal.deploy.steps import ResourceStep
from shoal.errors import BadInput, ShoalError, WorkFailed
from shoal.projects.project import Stack
from shoal.service_status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PulumiEngine:
    status: Status | None
    """The embedded service, for local stacks; None for stacks in Azure."""
    name: Literal["pulumi"] = "pulumi"

    @property
    def place(self) -> str:
        return self.status.arm_endpoint if self.status else os.environ.get("ARM_METADATA_HOSTNAME", "Azure")

    def resources(self, stack: Stack) -> int | None:
        if self.status is None:
            return None
        checkpoint = load_checkpoint(Path(self.status.state_dir), stack.project.name, stack.name)
        return None if checkpoint is None else checkpoint.resources

    def deploy(
        self, stack: Stack, *, preview: bool, on_step: Callable[[ResourceStep], None], quiet: bool = False
    ) -> Mapping[str, Any]:
        steps = PoolSteps(on_step)
        events = EngineEvents(steps.take, planned=preview, on_message=_ignore if quiet else _print)
        with steps.completed(), self._opened(stack, events, automation.create_or_select_stack) as opened:
            if preview:
                opened.preview(on_event=events.take, color="never", suppress_progress=True)
                return events.outputs
            result = opened.up(on_event=events.take, color="never", show_secrets=False, suppress_progress=True)
        # Whatever `show_secrets` says, the Automation API reads the outputs with their secrets in clear.
        return {name: MASK if output.secret else output.value for name, output in result.outputs.items()}

    def destroy(self, stack: Stack, *, on_step: Callable[[ResourceStep], None]) -> None:
        """Delete the stack's resources, and a local stack's history too; one in Azure keeps its history."""
        events = EngineEvents(PoolSteps(on_step).take, planned=False, on_message=_print)
        with self._opened(stack, events, automation.select_stack) as opened:
            opened.destroy(on_event=events.take, color="never", show_secrets=False, suppress_progress=True)
            if self.status is not None:
                # Otherwise Pulumi would delete the stack's file in the project, too.
                opened.workspace.remove_stack(stack.name, preserve_config=True)

    @contextmanager
    def _opened(
        self, stack: Stack, events: EngineEvents, init: Callable[..., automation.Stack]
    ) -> Iterator[automation.Stack]:
        """Yield the stack, in the project's directory. Errors of its program and of Pulumi are raised as one."""
        raised: list[ShoalError] = []
        variables = local_variables(self.status) if self.status else {}
        with chdir(stack.project.directory), _environment(variables):
            command = _command()
            workspace = automation.LocalWorkspaceOptions(work_dir=str(stack.project.directory), pulumi_command=command)
            try:
                with command.handing_on_interrupts():
                    yield init(stack.name, stack.project.name, _program(stack, raised), opts=workspace)
            # These two are CommandErrors, so they come before it.
            except ConcurrentUpdateError as exc:
                raise WorkFailed(_locked(stack)) from exc
            except StackNotFoundError as exc:
                raise BadInput(f"stack {stack.name} is not deployed; there is nothing to delete") from exc
            except CommandError as exc:
                if command.interrupted:
                    raise KeyboardInterrupt from exc
                # The program's own error keeps its exit code; Pulumi has only its text.
                raise raised[0] if raised else _failure(events, exc) from exc


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process for the block: the program, which runs in it, reads where ARM is."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _command() -> InterruptibleCommand:
    try:
        return InterruptibleCommand()
    except FileNotFoundError as exc:
        raise BadInput(f"`pulumi` is not on the PATH; install it ({INSTALL_PAGE})") from exc
    except InvalidVersionError as exc:
        raise BadInput(f"the `pulumi` on the PATH is not supported: {exc}; install another ({INSTALL_PAGE})") from exc


def _program(stack: Stack, raised: list[ShoalError]) -> Callable[[], None]:
    """Return a function that runs the project's program and keeps its errors, which Pulumi reports as text only."""

    def run() -> None:
        try:
            execute(stack.project.program, stack.project.directory)
        except ShoalError as exc:
            raised.append(exc)
            raise

    return run


def _print(severity: str, text: str) -> None:
    """Print a message in the SDK's own form."""
    sys.stderr.write(f"{severity}: {text}\n")


def _ignore(_severity: str, _text: str) -> None:
    """Drop a message: the run that follows prints it."""


def _failure(events: EngineEvents, exc: CommandError) -> WorkFailed:
    if events.traceback:
        sys.stderr.write(events.traceback)
    return WorkFailed(events.summary or with_explanations([str(exc).strip()]))


def _locked(stack: Stack) -> str:
    return (
        f"stack {stack.name} is locked: a deployment is running, or one was killed; "
        f"if none is running, unlock it with `pulumi cancel -s {stack.name}` and try again"
    )
