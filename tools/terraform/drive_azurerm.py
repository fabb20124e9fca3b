"""Drives the embedded service's ARM side with a client that nobody here wrote: OpenTofu with Terraform's azurerm.

    nice python tools/terraform/drive_azurerm.py [BUILD_DIRECTORY]

Builds both from the Go module proxy the first time: some minutes and gigabytes. Then applies `main.tf` to a service
over HTTPS with its own authority: it applies twice, of which the second must change nothing, changes the formula and
destroys. Ends with 1 where a step does something else.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from shoal.arm import ArmClient
from shoal.service_status import Status
from shoal.testing import running

HERE = Path(__file__).parent
COMMANDS = {
    "tofu": "github.com/opentofu/opentofu/cmd/tofu",
    "azurerm": "github.com/hashicorp/terraform-provider-azurerm",
}
"""Packages by the folder whose go.mod has their version."""
PROVIDER = "terraform-provider-azurerm"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
POOL = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/terraform/providers/Microsoft.Batch/batchAccounts/terraformbatch"
    "/pools/spot"
)
FORMULAS = "$TargetLowPriorityNodes = 0;", "$TargetLowPriorityNodes = 1;"
NO_CHANGE, CHANGE = 0, 2
"""Exit codes of `tofu plan -detailed-exitcode`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", default=HERE.parents[1] / "build" / "terraform")
    build = parser.parse_args().build.absolute()
    tofu = _built(build, "tofu", "tofu")
    _built(build, "azurerm", PROVIDER)
    with tempfile.TemporaryDirectory(prefix="shoal-terraform-") as folder, running(https=True) as service:
        shutil.copy(HERE / "main.tf", folder)
        _drive(Module(tofu, Path(folder), _environment(service, build, Path(folder))), ArmClient(service))
    print("applied, unchanged, changed, unchanged and destroyed")


class Module:
    """One working directory of OpenTofu."""

    def __init__(self, tofu: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.tofu = tofu
        self.folder = folder
        self.environment = environment

    def run(self, command: str, formula: str, *options: str, expected: int = 0) -> None:
        words = [str(self.tofu), command, "-input=false", "-no-color", f"-var=formula={formula}", *options]
        print(f"$ tofu {command} {' '.join(options)}", flush=True)
        code = subprocess.run(words, cwd=self.folder, env=self.environment, check=False).returncode
        if code != expected:
            sys.exit(f"tofu {command} ended with {code}; {expected} was expected")


def _drive(module: Module, arm: ArmClient) -> None:
    for formula in FORMULAS:
        module.run("plan", formula, "-detailed-exitcode", expected=CHANGE)
        module.run("apply", formula, "-auto-approve")
        module.run("plan", formula, "-detailed-exitcode", expected=NO_CHANGE)
        pool = arm.get(POOL, "2024-07-01")
        assert pool is not None
        kept = pool["properties"]["scaleSettings"]["autoScale"]["formula"]
        if kept != formula:
            sys.exit(f"the pool has the formula {json.dumps(kept)}; {json.dumps(formula)} was applied")
    module.run("destroy", FORMULAS[-1], "-auto-approve")
    if arm.get(POOL.partition("/providers/")[0], "2024-07-01") is not None:
        sys.exit("the resource group is still there")


def _environment(service: Status, build: Path, folder: Path) -> dict[str, str]:
    """Return the settings of the provider; `dev_overrides` lets OpenTofu use the binary without asking a registry."""
    configuration = folder / "tofu.rc"
    overrides = f'"hashicorp/azurerm" = "{build / "bin"}"'
    configuration.write_text(
        f"provider_installation {{\n  dev_overrides {{\n    {overrides}\n  }}\n  direct {{}}\n}}\n"
    )
    return {
        **os.environ,
        **service.client_variables,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "ARM_METADATA_HOSTNAME": urlsplit(service.arm_endpoint).netloc,
        "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
        "ARM_TENANT_ID": service.tenant_id,
        "ARM_USE_CLI": "false",
        "ARM_USE_MSI": "true",
        "ARM_MSI_ENDPOINT": f"{service.machine_identity_endpoint}/metadata/identity/oauth2/token",
        "ARM_RESOURCE_PROVIDER_REGISTRATIONS": "none",
    }


def _built(build: Path, module: str, name: str) -> Path:
    """Return the binary, which is built where it is not there yet."""
    binary = build / "bin" / name
    if not binary.exists():
        print(f"building {name}; this takes minutes", file=sys.stderr)
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        words = ["nice", "go", "build", "-buildvcs=false", "-p", "2", "-o", str(binary), COMMANDS[module]]
        subprocess.run(words, cwd=HERE / module, env=environment, check=True)
    return binary


if __name__ == "__main__":
    main()
