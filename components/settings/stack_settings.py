"""The stack's configuration, read once into one frozen object.

Top-level keys and their defaults stand in `Pulumi.yaml`; Pulumi's CLI and the embedded engine both apply them before
the program runs, so none has a default here.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret
from pydantic import Field, ValidationError, field_validator, model_validator

from shoal.autoscale.review import review, shown
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import accepted_evaluation_interval
from shoal.environment import Authentication

from ..accounts.batch_account import PrincipalType
from ..azure_provider import ARM_ENDPOINTS, arm_endpoint
from ..environment_args import EnvironmentArgs
from ..errors import SettingsError
from ..pool.fault import camel
from ..pool.pool_network import subnet_faults
from .account_settings import Accounts
from .monitoring_settings import Monitoring
from .network_settings import Network
from .pool_settings import Pool
from .section import NotEmpty, ResourceId, Section, matching
from .settings_errors import explain

OPEN_STORAGE = (
    "allowedAddresses closes the Batch account only: the storage stays open to all networks, for callers with a role, "
    "because no address covers its nodes; allowedSubnets closes it too"
)

NO_DEPLOYERS = (
    "deployers is empty: the packages can be uploaded only by somebody who has the role for writing blobs already; "
    "an owner of the subscription has not, so list your own object id (`az ad signed-in-user show --query id`)"
)

PrincipalId = Annotated[
    str,
    matching(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "an object id in Entra, as `az ad signed-in-user show --query id` prints one's own",
    ),
]
Location = Annotated[
    str, matching(r"[A-Za-z][A-Za-z0-9 ]+", "an Azure region, as `az account list-locations` names them")
]


class Submitter(Section):
    principal_id: PrincipalId
    principal_type: PrincipalType


class Package(Section):
    name: ResourceId
    directory: NotEmpty
    version: Annotated[str, matching("[0-9a-f]{16}", "16 hexadecimal digits, in quotes")] | None = None


class Settings(Accounts):
    service: Literal["azure", "embedded"]
    authentication: Authentication
    location: Location
    outputs_expire_after_days: Annotated[int, Field(ge=1)]
    deployers: tuple[Submitter, ...]
    submitters: tuple[Submitter, ...]
    packages: tuple[Package, ...]
    pools: tuple[Pool, ...]
    jobs: tuple[dict[str, Any], ...]
    """Nothing that is deployed: `shoal` checks and submits them."""
    network: Network | None
    monitoring: Monitoring | None

    @field_validator("network", "monitoring", mode="before")
    @classmethod
    def nothing_said_is_none(cls, section: Any) -> Any:
        return None if section == {} else section

    @model_validator(mode="after")
    def embedded_service_takes_keys(self) -> Self:
        if self.service == "embedded" and self.authentication is not Authentication.SHARED_KEY:
            raise ValueError("shoal:authentication must be shared_key where shoal:service is embedded")
        return self

    @model_validator(mode="after")
    def names_are_unique_and_known(self) -> Self:
        for key, names in (
            ("packages", [package.name for package in self.packages]),
            ("pools", [pool.name for pool in self.pools]),
            ("deployers", [deployer.principal_id for deployer in self.deployers]),
            ("submitters", [submitter.principal_id for submitter in self.submitters]),
        ):
            if (name := _twice(names)) is not None:
                raise ValueError(f"shoal:{key} names {name} more than once")
        known = {package.name for package in self.packages}
        for i, pool in enumerate(self.pools):
            if (name := _twice(pool.packages)) is not None:
                raise ValueError(f"shoal:pools[{i}].packages names {name} more than once")
            for name in pool.packages:
                if name not in known:
                    raise ValueError(f"shoal:pools[{i}].packages names {name}, which shoal:packages does not have")
        return self

    @model_validator(mode="after")
    def nodes_without_public_address_have_a_subnet(self) -> Self:
        for i, pool in enumerate(() if self.network else self.pools):
            for fault in subnet_faults(pool.arguments(), camel):
                raise ValueError(f"shoal:pools[{i}] is wrong: it {fault.text}")
        return self

    def doubts(self, *, project: str, file: str) -> list[str]:
        """What the linter finds in the pools' own formulas."""
        return [
            shown(finding, pool.auto_scale_formula, f"{file}: {project}:pools[{i}].autoScaleFormula")
            for i, pool in enumerate(self.pools)
            if pool.auto_scale_formula is not None
            for finding in review(
                pool.auto_scale_formula, interval=from_timedelta(accepted_evaluation_interval(pool.interval))
            )
        ]

    def reminders(self, *, project: str, file: str) -> list[str]:
        """What is not closed though it seems so, and who should be listed."""
        found = [
            (OPEN_STORAGE, self.leaves_storage_open and not self.network),
            (NO_DEPLOYERS, self._uploads_by_role and not self.deployers),
        ]
        return [f"{project}:{text} ({file})" for text, holds in found if holds]

    @property
    def _uploads_by_role(self) -> bool:
        """Of packages, into auto-storage of an account that is made."""
        is_entra = self.authentication is Authentication.ENTRA
        return is_entra and bool(self.packages) and not self.batch_account_id

    def environment_args(self) -> EnvironmentArgs:
        return cast(EnvironmentArgs, self.model_dump(mode="json", exclude={"service", "jobs"}, exclude_none=True))


def _twice(names: Sequence[str]) -> str | None:
    """Source: Batch, ids that differ in case only are the same; so are object ids."""
    folded = [name.lower() for name in names]
    return next((name for name in names if folded.count(name.lower()) > 1), None)


def read_settings() -> Settings:
    """The running stack's settings. Raises SettingsError for all that is wrong, and warns of what is doubtful."""
    prefix = f"{pulumi.get_project()}:"
    values = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    project, file = pulumi.get_project(), f"Pulumi.{pulumi.get_stack()}.yaml"
    settings = parse_settings(own, project=project, file=file)
    for text in (*settings.doubts(project=project, file=file), *settings.reminders(project=project, file=file)):
        pulumi.log.warn(text)
    pools = f"{prefix}pools"
    _require_secret_passwords(
        settings, pools, file, secret=is_config_secret(pools) or pools in get_config_secret_keys_env()
    )
    if settings.service == "embedded":
        _require_local_arm(arm_endpoint())
    return settings


def _require_secret_passwords(settings: Settings, pools: str, file: str, *, secret: bool) -> None:
    """`secret` says whether anything of the pools is encrypted. The embedded service keeps no password."""
    if secret or settings.service == "embedded":
        return
    for i, pool in enumerate(settings.pools):
        if pool.user_accounts:
            path = f"{pools}[{i}].userAccounts[0].password"
            raise SettingsError(
                f"{path} stands in {file} for everyone to read; "
                f"take it out and run `pulumi config set --secret --path '{path}'`"
            )


def _require_local_arm(endpoint: str) -> None:
    """A shell that does not know the embedded service would make a local stack in Azure."""
    if endpoint in ARM_ENDPOINTS.values():
        raise SettingsError(
            f"stack {pulumi.get_stack()} is on this machine, but resources would be made at {endpoint}; "
            'deploy it with `shoal up`, or run eval "$(shoal local env)" before `pulumi`'
        )


def parse_settings(values: Mapping[str, str], *, project: str, file: str) -> Settings:
    """Settings from configuration values as Pulumi hands them over: text, lists and objects as JSON."""
    try:
        return Settings.model_validate({key: _parsed(value) for key, value in values.items()}, context=values)
    except ValidationError as exc:
        raise SettingsError("\n".join(explain(error, Settings, project, file) for error in exc.errors())) from exc


def _parsed(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("[", "{")) else value
    except ValueError:
        return value
