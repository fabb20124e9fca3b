"""`shoal local`: the embedded Batch service on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import options
from shoal.cli.output import emit_json, emit_table
from shoal.errors import BadInput, WorkFailed

if TYPE_CHECKING:
    from subprocess import Popen

    from shoal.service_status import Status

START_WITHIN = 90.0
STOP_WITHIN = 30.0
LOOK_EVERY = 0.05


@click.group()
def local() -> None:
    """The embedded Batch service on this machine."""


def _state_dir(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    from shoal.service_status import default_state_dir

    return value.absolute() if value is not None else default_state_dir()


state_option = click.option(
    "--state",
    "state_dir",
    type=click.Path(file_okay=False, path_type=Path),
    callback=_state_dir,
    help="Where the service keeps its state  [default: $SHOAL_STATE, or shoal below the user's state directory]",
)


@local.command()
@state_option
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any that is free.")
@click.option("--foreground", is_flag=True, help="Stay, and end with Ctrl-C.")
def start(state_dir: Path, port: int | None, foreground: bool) -> None:
    """Start the service; with its earlier state where there is one."""
    from shoal.service_status import read_status

    if (running := read_status(state_dir)) is not None:
        if port not in (None, 0) and not running.arm_endpoint.endswith(f":{port}"):
            raise BadInput(
                f"the service on {state_dir} already runs on {running.arm_endpoint}; "
                f"to move it to port {port}, stop it first with `shoal local stop`"
            )
        click.echo(f"already running (process {running.pid})")
        _show(running)
    elif foreground:
        _run_here(state_dir, port)
    else:
        _show(_launch(state_dir, port))


def _run_here(state_dir: Path, port: int | None) -> None:
    from shoal.local.server import CannotStart, serve

    try:
        serve(state_dir, port)
    except CannotStart as exc:
        raise BadInput(str(exc)) from exc


def _launch(state_dir: Path, port: int | None) -> "Status":
    """Start the service in a session of its own and wait until it answers."""
    import subprocess
    import sys
    import time

    from shoal.service_status import read_status

    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = state_dir / "service.log"
    command = [sys.executable, "-m", "shoal.local", str(state_dir), *([] if port is None else [str(port)])]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + START_WITHIN
    try:
        while time.monotonic() < deadline and process.poll() is None:
            running = read_status(state_dir)
            if running is not None and running.pid == process.pid:
                return running
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        _end(process)
        raise
    _end(process)
    raise _start_failure(log)


def _end(process: "Popen[bytes]") -> None:
    """Its session is its own, so neither Ctrl-C nor the end of this command would reach it."""
    process.terminate()
    process.wait()


def _start_failure(log: Path) -> BadInput | WorkFailed:
    lines = log.read_text().splitlines()
    if lines and lines[-1].startswith("error: "):
        return BadInput(lines[-1].removeprefix("error: "))
    tail = "\n".join(f"  {line}" for line in lines[-10:])
    return WorkFailed(f"the service did not start; the end of {log}:\n{tail}")


@local.command()
@state_option
def stop(state_dir: Path) -> None:
    """Stop the service and everything that it started; its state stays."""
    import os
    import signal
    import time

    from shoal.service_status import is_running, read_status

    running = read_status(state_dir)
    if running is None:
        click.echo(f"no service runs on {state_dir}")
        return
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN
    while is_running(state_dir):
        if time.monotonic() > deadline:
            raise WorkFailed(f"process {running.pid} is still there {STOP_WITHIN:.0f} s after it was told to end")
        time.sleep(LOOK_EVERY)
    click.echo("stopped")


@local.command()
@state_option
@options.as_json
def status(state_dir: Path, as_json: bool) -> None:
    """Show how the service is reached; exit code 1 where none runs."""
    from dataclasses import asdict

    running = _running(state_dir)
    if as_json:
        emit_json(asdict(running))
    else:
        _show(running)


@local.command()
@state_option
def env(state_dir: Path) -> None:
    """Print `export` lines by which official clients and `pulumi` find the service: eval "$(shoal local env)"."""
    from shoal.deploy.pulumi.local_environment import local_variables

    running = _running(state_dir)
    connection = ";".join(
        (
            "DefaultEndpointsProtocol=http",
            f"AccountName={running.storage_account}",
            f"AccountKey={running.storage_key}",
            f"BlobEndpoint={running.blob_endpoint}",
        )
    )
    variables = {
        "AZURE_BATCH_ACCOUNT": running.account,
        "AZURE_BATCH_ENDPOINT": running.batch_endpoint,
        "AZURE_BATCH_ACCESS_KEY": running.key,
        "AZURE_STORAGE_CONNECTION_STRING": connection,
        **local_variables(running),
    }
    for name, value in variables.items():
        click.echo(f"export {name}='{value}'")


@local.command()
@state_option
@click.option("--boot-seconds", type=click.FloatRange(0), help="From the decision to add a node until it starts.")
@click.option("--absence-seconds", type=click.FloatRange(0), help="How long a pre-empted node is gone.")
@click.option("--evictions-per-node-hour", type=click.FloatRange(0), help="How often each Spot node is pre-empted.")
@click.option("--seed", type=click.IntRange(0), help="Of the evictions' random numbers.")
@click.option("--preempt", metavar="NODE", help="Take this Spot node away now; `any` takes the busiest.")
@options.as_json
def chaos(state_dir: Path, preempt: str | None, as_json: bool, **settings: float | None) -> None:
    """Make the service as rough as a cloud: slow boots, evictions of Spot nodes. Without options, show how it is."""
    running = _running(state_dir)
    given = {name: value for name, value in settings.items() if value is not None}
    if preempt is not None:
        node = _ask(running, "POST", "/-/preemptions", {"node": None if preempt == "any" else preempt})["node"]
        click.echo(f"pre-empted {node}", err=as_json)
    shown = _ask(running, "PUT", "/-/chaos", given)
    if as_json:
        emit_json(shown)
    else:
        emit_table(("setting", "value"), [(name.replace("_", "-"), value) for name, value in shown.items()])


def _ask(running: "Status", method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A call to the service's own interface."""
    import json
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        f"{running.arm_endpoint}{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {running.arm_token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as exc:
        raise BadInput(json.load(exc)["error"]) from exc
    return answer


def _running(state_dir: Path) -> "Status":
    from shoal.service_status import read_status

    running = read_status(state_dir)
    if running is None:
        raise WorkFailed(f"no service runs on {state_dir}; start one with `shoal local start`")
    return running


def _show(running: "Status") -> None:
    """Without keys: they are in `status --json` and `env`, which are asked for."""
    emit_table(
        ("endpoint", "url"),
        [("Batch", running.batch_endpoint), ("ARM", running.arm_endpoint), ("blobs", running.blob_endpoint)],
    )
