"""`shoal local`: the embedded Batch service on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options
from shoal.cli.output import emit_json, emit_table
from shoal.errors import BadInput, WorkFailed
from shoal.local.chaos import Chaos, Cloud, Setting
from shoal.service_status import OWN_VERSION

if TYPE_CHECKING:
    from shoal.arm import ArmClient
    from shoal.local.start_options import StartOptions
    from shoal.service_status import Status


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
@click.option(
    "--https/--no-https",
    default=None,
    help="Serve HTTPS with a certificate authority of its own, so that clients send Entra's tokens.",
)
@click.option(
    "--power-safe/--no-power-safe",
    default=None,
    help="Answer requests only once they are on the disk, so that a power cut loses none.",
)
@click.option(
    "--task-users/--no-task-users",
    default=None,
    help="Run tasks as Unix users of their own, as Azure does; the service has to run as root.",
)
@click.option("--foreground", is_flag=True, help="Run in this terminal until Ctrl-C.")
def start(
    state_dir: Path,
    port: int | None,
    https: bool | None,
    power_safe: bool | None,
    task_users: bool | None,
    foreground: bool,
) -> None:
    """Start the service, with its earlier state if there is one."""
    from shoal.local import control
    from shoal.local.start_options import StartOptions
    from shoal.service_status import read_status

    earlier = read_status(state_dir)
    with _explained():
        if foreground and earlier is None:
            options = StartOptions(port=port, https=https, power_safe=power_safe, task_users=task_users)
            _run_here(state_dir, options)
            return
        status = control.start(state_dir, port=port, https=https, power_safe=power_safe, task_users=task_users)
    if earlier is not None and earlier.pid == status.pid:
        click.echo(f"already running (process {status.pid})")
    _show(status)


def _run_here(state_dir: Path, options: "StartOptions") -> None:
    from shoal.local import control

    control.require_installed()
    from shoal.local.server import serve

    serve(state_dir, options)


@local.command()
@state_option
def stop(state_dir: Path) -> None:
    """Stop the service and everything that it started; its state stays."""
    from shoal.local import control

    with _explained():
        was_running = control.stop(state_dir)
    click.echo("stopped" if was_running else f"no service runs on {state_dir}")


@local.command()
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Install into this directory, as its package-lock.json says, instead of the user's cache.",
)
def install(directory: Path | None) -> None:
    """Install Azurite, the storage emulator that the service uses, at the pinned version."""
    from shoal.local import azurite, control
    from shoal.projects.template_files import template_file

    pins = {name: template_file(name) for name in ("package.json", "package-lock.json", ".npmrc")}
    with _explained():
        control.require_installed()
        place = azurite.install(pins, directory)
    click.echo(f"Azurite {azurite.VERSION} is in {place.absolute()}")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the service's own errors into those of the command."""
    from shoal.local.azurite import InstallFailed
    from shoal.local.control import CannotStart, ServiceFailed

    try:
        yield
    except CannotStart as exc:
        raise BadInput(str(exc)) from exc
    except (ServiceFailed, InstallFailed) as exc:
        raise WorkFailed(str(exc)) from exc


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
    for name, value in (running.client_variables | local_variables(running)).items():
        click.echo(f"export {name}='{value}'")


def _condition_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each simulated condition; the service checks its value."""
    for condition in reversed(fields(Chaos)):
        setting: Setting = condition.metadata["setting"]
        flag = f"--{condition.name.replace('_', '-')}"
        kind = type(condition.default)
        names = f"{flag}/--no-{flag.removeprefix('--')}" if kind is bool else flag
        command = click.option(names, type=kind, default=None, help=setting.help)(command)
    return command


@local.command()
@state_option
@click.option(
    "--like",
    type=click.Choice([str(cloud) for cloud in Cloud]),
    help="Set all conditions to those of this cloud first.",
)
@_condition_options
@click.option("--preempt", metavar="NODE", help="Evict this Spot node now; `any` evicts the busiest.")
@click.option("--fill-disk", metavar="NODE", help="Fill the disk of this node now; `any` takes the busiest.")
@click.option("--kill-storage", is_flag=True, help="Kill blob storage now; it starts again.")
@options.as_json
def chaos(
    state_dir: Path,
    preempt: str | None,
    fill_disk: str | None,
    kill_storage: bool,
    as_json: bool,
    **conditions: object,
) -> None:
    """Simulate cloud conditions: slow boots, evictions, Azure's refusals. Without options, show the current ones."""
    running = _running(state_dir)
    given = {name: value for name, value in conditions.items() if value is not None}
    with _own_interface(running) as service:
        if preempt is not None:
            click.echo(f"pre-empted {_strike(service, '/-/preemptions', preempt)}", err=as_json)
        if fill_disk is not None:
            click.echo(f"filled the disk of {_strike(service, '/-/full-disks', fill_disk)}", err=as_json)
        if kill_storage:
            service.post("/-/storage-kills", OWN_VERSION, {})
            click.echo("killed blob storage, which starts again", err=as_json)
        shown = service.put("/-/chaos", OWN_VERSION, given)
    if as_json:
        emit_json(shown)
    else:
        emit_table(("setting", "value"), [(name.replace("_", "-"), value) for name, value in shown.items()])


def _strike(service: "ArmClient", path: str, node: str) -> str:
    """Let something happen to a node, or to the busiest one, and return its id."""
    return str(service.post(path, OWN_VERSION, {"node": None if node == "any" else node})["node"])


@contextmanager
def _own_interface(status: "Status") -> Iterator["ArmClient"]:
    """Yield a client of the service's interface of its own; its refusals are bad input."""
    from shoal.arm import ArmClient, ArmError

    try:
        yield ArmClient(status)
    except ArmError as exc:
        raise BadInput(exc.message) from exc


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
        [
            ("Batch", running.batch_endpoint),
            ("ARM", running.arm_endpoint),
            ("blobs", running.blob_endpoint),
            *([("its certificate authority", running.ca_file)] if running.ca_file else []),
            *([("power cuts", "lose no acknowledged request")] if running.power_safe else []),
            *([("tasks", "run as Unix users of their own")] if running.task_users else []),
        ],
    )
