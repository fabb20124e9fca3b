"""The embedded engine: it deploys local stacks to the embedded service, without the Pulumi CLI.

A deployment goes one way. The program runs in a child process (`program_process`) and registers its resources with the
monitor (`monitor`), which brings each to the service (`deployment`). Then what is no longer declared is deleted.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shoal.arm import ArmError
from shoal.azure_errors import with_explanations
from shoal.deploy.embedded.deployment_lock import deployment_lock
from shoal.deploy.embedded.program_process import program_output, program_process, run_in
from shoal.deploy.embedded.stack_record import SUBSCRIPTION, StackRecord, delete_record, load_record
from shoal.deploy.embedded_service import EmbeddedService
from shoal.deploy.pool_steps import PoolSteps
from shoal.deploy.program import ProgramEnding, ProgramRun
from shoal.deploy.resources.provider import Provider
from shoal.deploy.resources.resource_type import PROVIDER
from shoal.deploy.steps import ResourceStep
from shoal.errors import BadInput, ShoalError, WorkFailed
from shoal.projects.project import Stack

if TYPE_CHECKING:
    from shoal.deploy.embedded.deployment import Deployment
    from shoal.deploy.embedded.monitor import Monitor

OnStep = Callable[[ResourceStep], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedEngine:
    service: EmbeddedService
    name: Literal["embedded"] = "embedded"

    @property
    def place(self) -> str:
        return self.service.arm.endpoint

    def resources(self, stack: Stack) -> int | None:
        record = self._record(stack)
        return None if record is None else len(record.resources)

    def deploy(self, stack: Stack, *, preview: bool, on_step: OnStep, quiet: bool = False) -> Mapping[str, Any]:
        """Bring the service to what the stack's program declares; in a preview, only report what that would take.

        Only a run without a fault deletes anything. Raises BadInput and WorkFailed.
        """
        stack.refuse_encrypted()
        # A preview changes nothing, and may run beside a deployment.
        lock = nullcontext() if preview else deployment_lock(stack, self.service.status)
        steps = PoolSteps(on_step)
        with lock, _explained():
            with steps.completed():
                deployment, outputs = self._run_program(stack, preview=preview, on_step=steps.take, quiet=quiet)
            deployment.delete_undeclared()
            deployment.keep_outputs(outputs)
            return outputs

    def destroy(self, stack: Stack, *, on_step: OnStep) -> None:
        """Delete everything that the stack has, latest first, and then its record. Raises WorkFailed."""
        from shoal.deploy.embedded.deployment import Deployment

        with deployment_lock(stack, self.service.status), _explained():
            record = self._record(stack)
            if record is not None:
                Deployment(self.service.arm, record, preview=False, on_step=on_step).delete_undeclared()
                delete_record(self.service.arm, record)

    def _run_program(
        self, stack: Stack, *, preview: bool, on_step: OnStep, quiet: bool
    ) -> tuple["Deployment", Mapping[str, Any]]:
        """Return the deployment of all that the program declared, and the stack's outputs."""
        with program_output(quiet=quiet) as stderr, program_process(stack, stderr) as child:
            # Imported while the child imports the same: both take their time.
            from shoal.deploy.embedded.deployment import Deployment
            from shoal.deploy.embedded.monitor import Monitor

            record = self._record(stack) or StackRecord(project=stack.project.name, stack=stack.name)
            deployment = Deployment(self.service.arm, record, preview=preview, on_step=on_step)
            monitor = Monitor(deployment, _provider(stack), arm_token=self.service.token)
            with _served(monitor) as address:
                ending = run_in(child, self._program_run(stack, address, preview=preview))
            _raise_failures(monitor, ending)
        return deployment, monitor.exports

    def _record(self, stack: Stack) -> StackRecord | None:
        return load_record(self.service.arm, stack.project.name, stack.name)

    def _program_run(self, stack: Stack, monitor: str, *, preview: bool) -> ProgramRun:
        return ProgramRun(
            monitor=monitor,
            project=stack.project.name,
            stack=stack.name,
            directory=str(stack.project.directory),
            program=str(stack.project.program),
            config={**stack.config, f"{PROVIDER}:metadataHost": self.service.arm.endpoint},
            preview=preview,
        )


def _provider(stack: Stack) -> Provider:
    return Provider(
        subscription_id=stack.config.get(f"{PROVIDER}:subscriptionId", SUBSCRIPTION),
        location=stack.config.get(f"{PROVIDER}:location"),
    )


@contextmanager
def _served(monitor: "Monitor") -> Iterator[str]:
    """Serve the monitor and yield its address."""
    from pulumi.runtime.proto import resource_pb2_grpc

    from shoal.deploy.grpc_server import grpc_server

    server = grpc_server()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()  # the program has ended: no call is worth waiting for


def _raise_failures(monitor: "Monitor", ending: ProgramEnding) -> None:
    """Raise what the monitor refused, else the program's own error: that one only repeats what was refused."""
    errors: list[ShoalError] = monitor.failures
    if errors:
        kind = BadInput if all(isinstance(error, BadInput) for error in errors) else WorkFailed
        raise kind(with_explanations(str(error) for error in errors))
    if ending.error is not None:
        if ending.traceback:
            sys.stderr.write(ending.traceback)
        kind = BadInput if ending.exit_code == BadInput.exit_code else WorkFailed
        raise kind(with_explanations([ending.error]))


@contextmanager
def _explained() -> Iterator[None]:
    """Explain what the service refuses to the engine itself; what it refuses to the program is explained there."""
    try:
        yield
    except ArmError as exc:
        raise WorkFailed(with_explanations([str(exc)])) from exc
