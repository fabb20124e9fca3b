"""The running embedded service, as a place that local stacks are deployed to."""

from dataclasses import dataclass

from shoal.arm import ArmClient
from shoal.errors import BadInput
from shoal.service_status import Status, default_state_dir, read_status


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedService:
    status: Status

    @property
    def arm(self) -> ArmClient:
        return ArmClient(self.status)

    @property
    def token(self) -> str:
        return self.status.arm_token


def find_service() -> EmbeddedService:
    """Return the service of this user. Raises BadInput where none runs."""
    status = read_status(default_state_dir())
    if status is None:
        raise BadInput("the embedded service is not running; start it with `shoal local start`")
    return EmbeddedService(status=status)
