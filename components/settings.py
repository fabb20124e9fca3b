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
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from components.environment import EnvironmentArgs
from components.errors import SettingsError
from components.images import IMAGES
from components.provider import ARM_ENDPOINTS, arm_endpoint
from components.scaling import (
    FIXED,
    LONGEST_INTERVAL,
    SHORTEST_EMBEDDED_INTERVAL,
    SHORTEST_INTERVAL,
    contradiction,
    iso,
    told,
)
from components.settings_errors import explain
from shoal.autoscale.review import ERRORS, review, shown
from shoal.autoscale.ticks import from_timedelta
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
    """Scaled by the formula that follows the tasks, by one of its own, or not at all. What is not said is left out of
    the component's arguments, which has the defaults."""

    name: ResourceId
    vm_size: str
    image: str
    task_slots_per_node: Annotated[int, Field(ge=1, le=256)] = 1
    max_spot_nodes: Annotated[int, Field(ge=1)] | None = None
    max_dedicated_nodes: NodeCount | None = None
    slots_per_task: Annotated[float, Field(ge=0.001)] | None = None
    hold: timedelta | None = None
    max_step: Annotated[int, Field(ge=1)] | None = None
    warm_up_nodes: NodeCount | None = None
    auto_scale_formula: Annotated[str, Field(min_length=1)] | None = None
    auto_scale_evaluation_interval: timedelta | None = None
    spot_nodes: NodeCount | None = None
    dedicated_nodes: NodeCount | None = None
    start_task: StartTask | None = None
    packages: tuple[str, ...] = ()

    @property
    def interval(self) -> timedelta:
        return self.auto_scale_evaluation_interval or SHORTEST_INTERVAL

    @field_validator("image")
    @classmethod
    def image_is_known(cls, image: str) -> str:
        if image not in IMAGES:
            raise ValueError(f"it must be one of {', '.join(IMAGES)}")
        return image

    @field_validator("auto_scale_evaluation_interval")
    @classmethod
    def interval_is_accepted_by_the_service(cls, interval: timedelta | None, info: ValidationInfo) -> timedelta | None:
        embedded = info.context is not None and info.context.get("service") == "embedded"
        shortest = SHORTEST_EMBEDDED_INTERVAL if embedded else SHORTEST_INTERVAL
        if interval is not None and not shortest <= interval <= LONGEST_INTERVAL:
            raise ValueError(f"it must be between {'PT1S' if embedded else 'PT5M'} and PT168H")
        return interval

    @field_validator("auto_scale_formula")
    @classmethod
    def formula_is_one(cls, formula: str | None) -> str | None:
        faults = [finding for finding in review(formula) if finding.rule in ERRORS] if formula is not None else []
        if faults:
            raise PydanticCustomError("formula", "it is no formula", {"faults": faults})
        return formula

    @model_validator(mode="after")
    def is_scaled_in_one_way(self) -> Self:
        given = [name for name in self.model_fields_set if getattr(self, name) is not None]
        if pair := contradiction(given):
            one, other = map(to_camel, pair)
            raise ValueError(f"it has both {one} and {other}; a pool is scaled in one way")
        fixed = [name for name in FIXED if name in given]
        if fixed and not any(getattr(self, name) for name in fixed):
            raise ValueError(
                "it has no nodes; give spotNodes or dedicatedNodes, or neither for a pool that scales itself"
            )
        if fixed and "auto_scale_evaluation_interval" in given:
            raise ValueError("it has a fixed number of nodes, for which autoScaleEvaluationInterval means nothing")
        return self

    @model_validator(mode="after")
    def holds_for_an_evaluation(self) -> Self:
        if self.hold is not None and self.hold < told(self.interval):
            raise ValueError(f"its hold is shorter than the time between evaluations, {iso(told(self.interval))}")
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

    def doubts(self, *, project: str, file: str) -> list[str]:
        """What the linter finds in the pools' own formulas."""
        return [
            shown(finding, pool.auto_scale_formula, f"{file}: {project}:pools[{i}].autoScaleFormula")
            for i, pool in enumerate(self.pools)
            if pool.auto_scale_formula is not None
            for finding in review(pool.auto_scale_formula, interval=from_timedelta(told(pool.interval)))
        ]

    def environment_args(self) -> EnvironmentArgs:
        return cast(EnvironmentArgs, self.model_dump(mode="json", exclude={"service"}, exclude_none=True))


def read_settings() -> Settings:
    """The running stack's settings. Raises SettingsError for all that is wrong, and warns of what is doubtful."""
    prefix = f"{pulumi.get_project()}:"
    values = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    project, file = pulumi.get_project(), f"Pulumi.{pulumi.get_stack()}.yaml"
    settings = parse_settings(own, project=project, file=file)
    for doubt in settings.doubts(project=project, file=file):
        pulumi.log.warn(doubt)
    if settings.service == "embedded":
        _require_local_arm(arm_endpoint())
    return settings


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
