"""A pool as the stack's configuration declares it."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from components.images import IMAGES
from components.scaling import (
    FIXED,
    LONGEST_INTERVAL,
    SHORTEST_EMBEDDED_INTERVAL,
    SHORTEST_INTERVAL,
    contradiction,
    iso,
    told,
)
from components.section import NodeCount, ResourceId, Section
from shoal.autoscale.review import ERRORS, review


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
