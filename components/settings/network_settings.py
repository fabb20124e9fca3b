"""A private network as the stack's configuration declares it."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from ..network.address_plan import address_plan
from ..network.private_network import NetworkShape, Outbound, way_out_fault
from .section import Section

Port = Annotated[int, Field(ge=1, le=65535)]


class Network(Section):
    """What is not said is left out of the component's arguments, which has the defaults."""

    address_space: str | None = None
    outbound: Outbound | None = None
    outbound_ports: tuple[Port, ...] | None = None
    private_endpoints: bool = False

    @field_validator("address_space")
    @classmethod
    def addresses_can_be_shared_out(cls, address_space: str | None) -> str | None:
        if address_space is not None:
            address_plan(address_space)
        return address_space

    @model_validator(mode="after")
    def nodes_reach_the_service(self) -> Self:
        shape: NetworkShape = {
            "outbound": self.outbound or Outbound.NAT,
            "outbound_ports": list(self.outbound_ports or ()),
            "private_endpoints": self.private_endpoints,
        }
        if fault := way_out_fault(shape):
            raise ValueError(fault)
        return self
