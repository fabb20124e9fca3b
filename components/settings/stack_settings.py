"""The stack's configuration, read once and checked: the arguments of an environment, and the keys of the stack itself.

Top-level keys and their defaults stand in `Pulumi.yaml`; Pulumi's CLI and the embedded engine both apply them before
the program runs, so none has a default here.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret
from pydantic import ValidationError

from shoal.autoscale.review import review, shown
from shoal.autoscale.simulation.simulated_names import METADATA
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import accepted_evaluation_interval
from shoal.environment import Authentication, is_loopback
from shoal.projects.configuration_keys import key_faults

from ..argument_check import check_stack, fields_of, narrowed
from ..argument_errors import Source
from ..argument_fault import ArgumentFault, camel
from ..azure_provider import arm_endpoint
from ..component_errors import SettingsError
from ..environment_args import EnvironmentArgs, closes_storage, faults
from ..pool.pool_scaling import evaluation_interval
from ..pool.pool_simulation import is_simulated
from .listed_jobs import with_slots_of_jobs

OPEN_STORAGE = (
    "allowedAddresses closes the Batch account only: the storage stays open to all networks, for callers with a role, "
    "because no address covers its nodes; allowedSubnets closes it too"
)

NO_DEPLOYERS = (
    "deployers is empty: the packages can be uploaded only by somebody who has the role for writing blobs already; "
    "an owner of the subscription has not, so list your own object id (`az ad signed-in-user show --query id`)"
)

REAL_NODES = (
    "means nothing in Azure: its nodes are real ones, which cost money; simulate the pool in a stack with "
    "service: embedded"
)

OPTIONAL = ("network", "monitoring")
"""Keys whose default in `Pulumi.yaml`, an empty mapping, means that there is none."""


class StackKeys(EnvironmentArgs):
    service: Literal["azure", "embedded"]
    """Service that the stack is deployed to."""
    jobs: list[dict[str, Any]]
    """Jobs that `shoal` checks and submits after a deployment; nothing that the program declares."""


@dataclass(frozen=True, slots=True)
class Settings:
    keys: StackKeys

    def environment_args(self) -> EnvironmentArgs:
        """Return the arguments of the stack's environment."""
        return narrowed(EnvironmentArgs, self.keys)

    def doubts(self, *, project: str, file: str) -> list[str]:
        """Return what the linter finds in the pools' own formulas."""
        return [
            shown(finding, formula, f"{file}: {project}:pools[{i}].autoScaleFormula")
            for i, pool in enumerate(self.keys["pools"])
            if isinstance(formula := pool.get("auto_scale_formula"), str)
            for finding in review(
                formula, interval=from_timedelta(accepted_evaluation_interval(evaluation_interval(pool)))
            )
        ]

    def reminders(self, *, project: str, file: str) -> list[str]:
        """Return warnings about settings that do less than they seem to, and about missing deployers."""
        warnings = [
            (OPEN_STORAGE, self._leaves_storage_open),
            (NO_DEPLOYERS, self._uploads_by_role and not self.keys["deployers"]),
        ]
        texts = [*(text for text, applies in warnings if applies), *self._simulations_in_azure()]
        return [f"{project}:{text} ({file})" for text in texts]

    def _simulations_in_azure(self) -> Iterator[str]:
        if self.keys["service"] == "azure":
            for i, pool in enumerate(self.keys["pools"]):
                if is_simulated(pool):
                    yield f"pools[{i}].metadata.{METADATA} {REAL_NODES}"

    @property
    def _leaves_storage_open(self) -> bool:
        keys = self.keys
        is_closed = keys.get("allowed_subnets") or keys.get("storage_account_id") or "network" in keys
        return bool(keys.get("allowed_addresses")) and not is_closed

    @property
    def _uploads_by_role(self) -> bool:
        """True if packages are uploaded by identity to auto-storage of an account that the stack makes."""
        by_identity = self.keys["authentication"] is Authentication.ENTRA or closes_storage(self.keys)
        return by_identity and bool(self.keys["packages"]) and not self.keys.get("batch_account_id")


def read_settings() -> Settings:
    """Return the running stack's settings, and warn of doubtful ones. Raises SettingsError with all mistakes."""
    prefix = f"{pulumi.get_project()}:"
    values = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    project, file = pulumi.get_project(), f"Pulumi.{pulumi.get_stack()}.yaml"
    _refuse_misplaced_keys(values.keys() - {f"{prefix}{key}" for key in own}, project, file)
    settings = parse_settings(own, project=project, file=file)
    for text in (*settings.doubts(project=project, file=file), *settings.reminders(project=project, file=file)):
        pulumi.log.warn(text)
    pools = f"{prefix}pools"
    holds_secret = is_config_secret(pools) or pools in get_config_secret_keys_env()
    _require_secret_passwords(settings, pools, file, secret=holds_secret)
    if settings.keys["service"] == "embedded":
        _require_local_arm(arm_endpoint())
    # Of the program's own directory, where Pulumi.yaml is.
    pools_of_jobs: list[Any] = with_slots_of_jobs(settings.keys["pools"], settings.keys["jobs"], Path.cwd())
    settings = Settings({**settings.keys, "pools": pools_of_jobs})
    return _with_secret_variables(settings) if holds_secret else settings


def _refuse_misplaced_keys(others: Collection[str], project: str, file: str) -> None:
    """Refuse keys of other namespaces that were meant for the project: Pulumi's engine would pass over them."""
    declared = [f"{project}:{camel(name)}" for name in fields_of(StackKeys)]
    if faults := list(key_faults(sorted(others), project=project, declared=declared)):
        raise SettingsError("\n".join(f"{fault.text} ({file})" for fault in faults))


def _require_secret_passwords(settings: Settings, pools: str, file: str, *, secret: bool) -> None:
    """`secret` is true if anything of the pools is encrypted. The embedded service keeps no password."""
    if secret or settings.keys["service"] == "embedded":
        return
    for i, pool in enumerate(settings.keys["pools"]):
        if pool.get("user_accounts"):
            path = f"{pools}[{i}].userAccounts[0].password"
            raise SettingsError(
                f"{path} stands in {file} for everyone to read; "
                f"take it out and run `pulumi config set --secret --path '{path}'`"
            )


def _with_secret_variables(settings: Settings) -> Settings:
    """Return the settings with the values of start tasks' variables as secrets.

    Of a secret in the pools, Pulumi tells only that there is one. Passwords of users are secrets in any case.
    """
    pools: list[Any] = [_with_secret_start_task(pool) for pool in settings.keys["pools"]]
    return Settings({**settings.keys, "pools": pools})


def _with_secret_start_task(pool: Mapping[str, Any]) -> Mapping[str, Any]:
    task = pool.get("start_task", {})
    if "environment" not in task:
        return pool
    variables = {name: pulumi.Output.secret(value) for name, value in task["environment"].items()}
    return {**pool, "start_task": {**task, "environment": variables}}


def _require_local_arm(endpoint: str) -> None:
    """Refuse to deploy a local stack to Azure, which happens in a shell without the embedded service's variables."""
    if not is_loopback(endpoint):
        raise SettingsError(
            f"stack {pulumi.get_stack()} is on this machine, but resources would be made at {endpoint}; "
            'deploy it with `shoal up`, or run eval "$(shoal local env)" before `pulumi`'
        )


def parse_settings(values: Mapping[str, str], *, project: str, file: str) -> Settings:
    """Return settings from values as Pulumi hands them over: text, lists and objects as JSON. Raises SettingsError."""
    given = {key: parsed for key, value in values.items() if not _is_none(key, parsed := _parsed(value))}
    source = Source(before=f"{project}:", after=f" ({file})", file=f"{file}: ", noun="key", spelling=camel)
    try:
        keys = check_stack(StackKeys, given, {"spelling": camel, "service": values.get("service")})
    except ValidationError as exc:
        raise SettingsError("\n".join(source.sentences(exc, StackKeys))) from exc
    if broken := list(_stack_faults(keys, f"{project}:")):
        raise SettingsError("\n".join(f"{fault.at} {fault.text} ({file})" for fault in broken))
    return Settings(keys)


def _stack_faults(keys: StackKeys, namespace: str) -> Iterator[ArgumentFault]:
    if keys["service"] == "embedded" and keys["authentication"] is not Authentication.SHARED_KEY:
        text = f"must be shared_key where {namespace}service is embedded"
        yield ArgumentFault(at=f"{namespace}authentication", text=text)
    yield from faults(keys, camel, namespace=namespace)


def _is_none(key: str, value: Any) -> bool:
    return key in OPTIONAL and value == {}


def _parsed(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("[", "{")) else value
    except ValueError:
        return value
