"""The environment variables by which Pulumi's own engine deploys stacks on this machine: plugins, state, service."""

import os
import shlex
import sys
from pathlib import Path

from shoal.service_status import Status

PROVIDER_PLUGIN = "pulumi-resource-azure-native", "shoal.deploy.pulumi.plugins.azure_native"
LANGUAGE_PLUGIN = "pulumi-language-python", "shoal.deploy.pulumi.plugins.language_host"
PASSPHRASE = "shoal"
"""The passphrase of local stacks unless the user sets one. It protects nothing: whoever can read the state directory
can read the service's keys too. It is fixed, so that what Pulumi writes into a stack's file works on every machine."""


def local_variables(status: Status) -> dict[str, str]:
    """Return environment variables for `pulumi` on the running service, and create the directories they name."""
    directory = Path(status.state_dir) / "pulumi"
    variables = {
        "PATH": _path(directory),
        "PULUMI_BACKEND_URL": f"file://{_directory(state_directory(Path(status.state_dir)))}",
        "PULUMI_HOME": str(_directory(directory / "home")),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",  # nothing is downloaded: local stacks work offline
        "ARM_METADATA_HOSTNAME": status.arm_endpoint,
        "SHOAL_STATE": status.state_dir,
    }
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(os.environ):
        variables["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
    return variables


def state_directory(service_state: Path) -> Path:
    return service_state / "pulumi" / "state"


def _path(directory: Path) -> str:
    """Return a PATH with the provider first and the language host last: it serves only where `pulumi` lacks one."""
    first = _plugin(directory / "provider", *PROVIDER_PLUGIN)
    last = _plugin(directory / "language", *LANGUAGE_PLUGIN)
    others = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry not in (first, last)]
    return os.pathsep.join([first, *others, last])


def _plugin(directory: Path, name: str, module: str) -> str:
    """Write an executable that runs the module with this Python, and return its directory."""
    plugin = _directory(directory) / name
    # Written aside and renamed: another `shoal` may be starting the plugin at this moment.
    draft = plugin.with_suffix(f".{os.getpid()}")
    # -P: without it, a module of the project's directory could take the place of one of the plugin's.
    draft.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n')
    draft.chmod(0o700)
    draft.replace(plugin)
    return str(directory)


def _directory(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
