"""A pool as the stack's configuration declares it."""

from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shoal.autoscale.review import ERRORS, review
from shoal.azure.limits import LONGEST_EVALUATION_INTERVAL, SHORTEST_EVALUATION_INTERVAL, accepted_evaluation_interval
from shoal.duration_type import Duration

from ..accounts.adoption import GALLERY_IMAGE, GALLERY_VERSION, SUBNET, id_fault
from ..pool.fault import camel
from ..pool.pool_rules import faults
from ..pool.pool_scaling import SHORTEST_EMBEDDED_INTERVAL, iso
from ..pool.spot_pool import TaskFill
from ..tags import tags_faults
from .node_settings import Mount, StartTask, UpgradePolicy, UserAccount
from .section import NodeCount, NotEmpty, ResourceId, Section, matching, without

SubnetId = Annotated[str, without(lambda value: id_fault(value, SUBNET))]
ImageId = Annotated[
    str,
    without(lambda value: id_fault(value, GALLERY_VERSION) and id_fault(value, GALLERY_IMAGE)),
]
ImageVersion = Annotated[
    str, matching(r"latest|\d+\.\d+\.\d+", "latest, or a whole version such as 24.04.202605010 (az vm image list)")
]


class Pool(Section):
    """Scaled by the formula that follows the tasks, by one of its own, or not at all. What is not said is left out of
    the component's arguments, which has the defaults."""

    name: ResourceId
    vm_size: NotEmpty
    image: NotEmpty | None = None
    image_version: ImageVersion | None = None
    image_id: ImageId | None = None
    node_agent_sku_id: NotEmpty | None = None
    ephemeral_os_disk: bool | None = None
    task_slots_per_node: Annotated[int, Field(ge=1, le=256)] = 1
    memory_gib_per_slot: Annotated[float, Field(gt=0)] | None = None
    task_fill: TaskFill | None = None
    inter_node_communication: bool | None = None
    max_spot_nodes: Annotated[int, Field(ge=1)] | None = None
    max_dedicated_nodes: NodeCount | None = None
    slots_per_task: Annotated[float, Field(ge=0.001)] | None = None
    hold: Duration | None = None
    max_step: Annotated[int, Field(ge=1)] | None = None
    warm_up_nodes: NodeCount | None = None
    auto_scale_formula: NotEmpty | None = None
    auto_scale_evaluation_interval: Duration | None = None
    spot_nodes: NodeCount | None = None
    dedicated_nodes: NodeCount | None = None
    start_task: StartTask | None = None
    packages: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] | None = None
    user_accounts: tuple[UserAccount, ...] | None = None
    subnet_id: SubnetId | None = None
    public_ip: bool | None = None
    accelerated_networking: bool | None = None
    upgrade_policy: UpgradePolicy | None = None
    metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None

    @property
    def interval(self) -> timedelta:
        return self.auto_scale_evaluation_interval or SHORTEST_EVALUATION_INTERVAL

    @field_validator("auto_scale_evaluation_interval")
    @classmethod
    def interval_is_accepted_by_the_service(cls, interval: timedelta | None, info: ValidationInfo) -> timedelta | None:
        embedded = info.context is not None and info.context.get("service") == "embedded"
        shortest = SHORTEST_EMBEDDED_INTERVAL if embedded else SHORTEST_EVALUATION_INTERVAL
        if interval is not None and not shortest <= interval <= LONGEST_EVALUATION_INTERVAL:
            raise ValueError(f"it must be between {'PT1S' if embedded else 'PT5M'} and PT168H")
        return interval

    @field_validator("auto_scale_formula")
    @classmethod
    def formula_is_one(cls, formula: str | None) -> str | None:
        found = [finding for finding in review(formula) if finding.rule in ERRORS] if formula is not None else []
        if found:
            raise PydanticCustomError("formula", "it is no formula", {"faults": found})
        return formula

    @field_validator("tags")
    @classmethod
    def tags_are_arms(cls, tags: dict[str, str] | None) -> dict[str, str] | None:
        for text in tags_faults(tags or {}):
            raise ValueError(f"it has {text}")
        return tags

    @model_validator(mode="after")
    def keeps_the_rules_of_pools(self) -> Self:
        if found := tuple(faults(self.arguments(), camel, date.today())):
            raise PydanticCustomError("pool", "it is no pool", {"faults": found})
        return self

    @model_validator(mode="after")
    def holds_for_an_evaluation(self) -> Self:
        every = accepted_evaluation_interval(self.interval)
        if self.hold is not None and self.hold < every:
            raise ValueError(f"its hold is shorter than the time between evaluations, {iso(every)}")
        return self

    def arguments(self) -> dict[str, Any]:
        """As the component takes them."""
        return self.model_dump(mode="json", exclude_none=True)
