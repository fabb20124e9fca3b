"""The embedded engine: up, preview and down of a local stack."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from shoal.arm import Arm
from shoal.azure_errors import with_explanations
from shoal.deploy.embedded.stack_record import SUBSCRIPTION, StackRecord, delete_record, load_record
from shoal.deploy.program import Ending, Run
from shoal.deploy.resources.provider import Provider
from shoal.deploy.resources.resource_type import PROVIDER
from shoal.deploy.steps import Step
from shoal.errors import BadInput, ShoalError, WorkFailed
from shoal.projects.project import Stack
from shoal.service_status import Status, default_state_dir, read_status

if TYPE_CHECKING:
    from shoal.deploy.embedded.monitor import Monitor

OnStep = Callable[[Step], None]
THREADS = 32
PARTING_TIME = 5.0
"""Seconds that an interrupted program may take to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The running service that local stacks are deployed to."""

    status: Status

    @property
    def arm(self) -> Arm:
        return Arm(self.status.arm_endpoint, self.token)

    @property
    def token(self) -> str:
        return self.status.arm_token


def find_host() -> Host:
    """Raises BadInput where no service runs."""
    status: Status | None = read_status(default_state_dir())
    if status is None:
        raise BadInput("the embedded service is not running; start it with `shoal local start`")
    return Host(status=status)


def deploy(stack: Stack, host: Host, *, preview: bool, on_step: OnStep, quiet: bool = False) -> Mapping[str, Any]:
    """Bring the service to what the stack's program declares; in a preview, only say what that would take.

    Returns the outputs; in a preview, what only the deployment can know is UNKNOWN.

    Raises BadInput and WorkFailed. Only a run without a fault deletes anything that is no longer declared.
    """
    stack.refuse_encrypted()
    with _told_of(quiet) as stderr, _program(stack, stderr) as child:
        # Imported while the child imports the same: both take their time.
        from shoal.deploy.embedded.deployment import Deployment
        from shoal.deploy.embedded.monitor import Monitor

        record = load_record(host.arm, stack.project.name, stack.name)
        deployment = Deployment(
            host.arm,
            record or StackRecord(project=stack.project.name, stack=stack.name),
            preview=preview,
            on_step=on_step,
        )
        provider = Provider(
            subscription_id=stack.config.get(f"{PROVIDER}:subscriptionId", SUBSCRIPTION),
            location=stack.config.get(f"{PROVIDER}:location"),
        )
        monitor = Monitor(deployment, provider, arm_token=host.token)
        with _served(monitor) as address:
            ending = _run(child, stack, host, address, preview=preview)
        _raise_failures(monitor, ending)
    deployment.delete_undeclared()
    deployment.keep_outputs(monitor.exports)
    return monitor.exports


def destroy(record: StackRecord, host: Host, *, on_step: OnStep) -> None:
    """Delete everything that the stack has, latest first, and then its record. Raises WorkFailed."""
    from shoal.deploy.embedded.deployment import Deployment

    Deployment(host.arm, record, preview=False, on_step=on_step).delete_undeclared()
    delete_record(host.arm, record)


@contextmanager
def _told_of(quiet: bool) -> Iterator[IO[str] | None]:
    """Where the program's words go: on, or, quiet, only where the block fails."""
    if not quiet:
        yield None
        return
    with tempfile.TemporaryFile("w+") as kept:
        try:
            yield kept
        except ShoalError:
            kept.seek(0)
            sys.stderr.write(kept.read())
            raise


@contextmanager
def _program(stack: Stack, stderr: IO[str] | None) -> Iterator[subprocess.Popen[str]]:
    """The child process of one run, ended when the run is over."""
    with subprocess.Popen(
        [sys.executable, "-m", "shoal.deploy.program"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        cwd=stack.project.directory,
        env={**os.environ, "GRPC_VERBOSITY": "NONE"},
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(PARTING_TIME)
                except subprocess.TimeoutExpired:
                    child.kill()


@contextmanager
def _served(monitor: "Monitor") -> Iterator[str]:
    import grpc
    from pulumi.runtime.proto import resource_pb2_grpc

    server = grpc.server(ThreadPoolExecutor(THREADS))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


def _run(child: subprocess.Popen[str], stack: Stack, host: Host, address: str, *, preview: bool) -> Ending:
    run = Run(
        monitor=address,
        project=stack.project.name,
        stack=stack.name,
        directory=str(stack.project.directory),
        program=str(stack.project.program),
        config={**stack.config, f"{PROVIDER}:metadataHost": host.arm.endpoint},
        preview=preview,
    )
    answer, _ = child.communicate(json.dumps(asdict(run)))
    if not answer:
        return Ending(error=f"the program ended without a word (exit code {child.returncode})", exit_code=1)
    return Ending(**json.loads(answer))


def _raise_failures(monitor: "Monitor", ending: Ending) -> None:
    """What the monitor refused is what went wrong; what the program made of it is not told again."""
    errors: list[ShoalError] = monitor.failures
    if errors:
        kind = BadInput if all(isinstance(error, BadInput) for error in errors) else WorkFailed
        raise kind(with_explanations(str(error) for error in errors))
    if ending.error is not None:
        if ending.traceback:
            sys.stderr.write(ending.traceback)
        raise (BadInput if ending.exit_code == BadInput.exit_code else WorkFailed)(with_explanations([ending.error]))
