"""The options with which a service is started. None keeps the value that the state had at its last start."""

from dataclasses import dataclass

from shoal.service_status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    port: int | None = None
    """0 takes any that is free."""
    https: bool | None = None
    power_safe: bool | None = None
    """Every acknowledged request is on the disk, and so survives a power cut."""

    task_users: bool | None = None
    """Tasks run as Unix users of their own, as in Azure."""

    def arguments(self) -> list[str]:
        """Return the options in the spelling of the service's command line."""
        return [
            *([] if self.port is None else ["--port", str(self.port)]),
            *_switch("https", self.https),
            *_switch("power-safe", self.power_safe),
            *_switch("task-users", self.task_users),
        ]

    def conflict(self, running: Status) -> str | None:
        """Return in which way a running service differs from these options, or None where it does not."""
        state, stop = running.state_dir, "stop it first with `shoal local stop`"
        if self.port not in (None, 0) and not running.arm_endpoint.endswith(f":{self.port}"):
            return (
                f"the service on {state} already runs on {running.arm_endpoint}; to move it to port {self.port}, {stop}"
            )
        if self.https not in (None, running.ca_file is not None):
            return (
                f"the service on {state} already runs on {running.arm_endpoint}; "
                f"to change that to the other scheme, {stop}"
            )
        if self.power_safe not in (None, running.power_safe):
            return (
                f"the service on {state} already runs {_with(running.power_safe)} --power-safe; to change that, {stop}"
            )
        if self.task_users not in (None, running.task_users):
            return (
                f"the service on {state} already runs {_with(running.task_users)} --task-users; to change that, {stop}"
            )
        return None


def _with(switch: bool) -> str:
    return "with" if switch else "without"


def _switch(name: str, value: bool | None) -> list[str]:
    return [] if value is None else [f"--{name}" if value else f"--no-{name}"]
