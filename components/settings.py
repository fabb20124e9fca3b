"""The stack's configuration, read once into one frozen object.

Top-level keys and their defaults stand in `Pulumi.yaml`; Pulumi's CLI and the embedded engine both apply them before
the program runs, so none has a default here.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from components.environment import EnvironmentArgs
from components.errors import SettingsError
from components.images import IMAGES
from components.settings_errors import explain
from shoal.environment import Authentication

AccountName = Annotated[str, Field(pattern=r"^([a-z0-9]{3,24})?$")]
"""Lower-case letters and digits, or empty for a derived one."""
ResourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Source: Batch's rule for the ids of pools and applications."""
NodeCount = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Keys are spelt in camelCase in the stack's file; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class Submitter(Section):
    principal_id: str
    principal_type: Literal["User", "Group", "ServicePrincipal"]


class Package(Section):
    name: ResourceId
    directory: str


class StartTask(Section):
    command_line: str
    elevated: bool = False


class Pool(Section):
    name: ResourceId
    vm_size: str
    image: str
    task_slots_per_node: Annotated[int, Field(ge=1, le=256)] = 1
    spot_nodes: NodeCount = 0
    dedicated_nodes: NodeCount = 0
    auto_scale_formula: str | None = None
    auto_scale_evaluation_interval: timedelta = timedelta(minutes=5)
    start_task: StartTask | None = None
    packages: tuple[str, ...] = ()

    @field_validator("image")
    @classmethod
    def image_is_known(cls, image: str) -> str:
        if image not in IMAGES:
            raise ValueError(f"it must be one of {', '.join(IMAGES)}")
        return image

    @field_validator("auto_scale_evaluation_interval")
    @classmethod
    def interval_is_accepted_by_batch(cls, interval: timedelta) -> timedelta:
        if not timedelta(minutes=5) <= interval <= timedelta(hours=168):
            raise ValueError("it must be between PT5M and PT168H")
        return interval

    @model_validator(mode="after")
    def is_scaled_in_one_way(self) -> Self:
        fixed = self.spot_nodes + self.dedicated_nodes
        if self.auto_scale_formula is None and fixed == 0:
            raise ValueError("it has no nodes; give spotNodes, dedicatedNodes or autoScaleFormula")
        if self.auto_scale_formula is not None and fixed > 0:
            raise ValueError("it has both autoScaleFormula and a fixed number of nodes; give one of them")
        return self


class Settings(Section):
    service: Literal["azure", "embedded"]
    authentication: Authentication
    location: str
    resource_group: str
    batch_account: AccountName
    storage_account: AccountName
    outputs_expire_after_days: Annotated[int, Field(ge=1)]
    submitters: tuple[Submitter, ...]
    packages: tuple[Package, ...]
    pools: tuple[Pool, ...]

    @model_validator(mode="after")
    def embedded_service_takes_keys(self) -> Self:
        if self.service == "embedded" and self.authentication is not Authentication.SHARED_KEY:
            raise ValueError("shoal:authentication must be shared_key where shoal:service is embedded")
        return self

    @model_validator(mode="after")
    def names_are_unique_and_known(self) -> Self:
        for key, names in (("packages", [p.name for p in self.packages]), ("pools", [p.name for p in self.pools])):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"shoal:{key} names {name} more than once")
        known = {package.name for package in self.packages}
        for i, pool in enumerate(self.pools):
            for name in pool.packages:
                if name not in known:
                    raise ValueError(f"shoal:pools[{i}].packages names {name}, which shoal:packages does not have")
        return self

    def environment_args(self) -> EnvironmentArgs:
        return cast(EnvironmentArgs, self.model_dump(mode="json", exclude={"service"}, exclude_none=True))


def read_settings() -> Settings:
    """The running stack's settings. Raises SettingsError, one line for each thing that is wrong."""
    prefix = f"{pulumi.get_project()}:"
    values = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    return parse_settings(own, project=pulumi.get_project(), file=f"Pulumi.{pulumi.get_stack()}.yaml")


def parse_settings(values: Mapping[str, str], *, project: str, file: str) -> Settings:
    """Settings from configuration values as Pulumi hands them over: text, lists and objects as JSON."""
    try:
        return Settings.model_validate({key: _parsed(value) for key, value in values.items()})
    except ValidationError as exc:
        raise SettingsError("\n".join(explain(error, Settings, project, file) for error in exc.errors())) from exc


def _parsed(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("[", "{")) else value
    except ValueError:
        return value
