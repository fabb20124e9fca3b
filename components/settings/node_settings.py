"""What a pool's nodes have and do, as the stack's configuration declares it."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from ..pool.upgrade_policy import UpgradeMode
from .section import NodeCount, NotEmpty, Section, matching

Container = Annotated[
    str,
    matching(
        r"(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+",
        "the name of a container: 3 to 63 lower-case letters, digits and single hyphens",
    ),
]
"""Source: names of blob containers."""


class ResourceFile(Section):
    container: Container | None = None
    prefix: NotEmpty | None = None
    http_url: Annotated[str, matching("https?://.+", "an address that begins with https:// or http://")] | None = None
    file_path: NotEmpty | None = None
    file_mode: Annotated[str, matching("[0-7]{3,4}", "an octal mode such as 0770")] | None = None


class StartTask(Section):
    command_line: NotEmpty
    elevated: bool = False
    environment: dict[str, str] | None = None
    resource_files: tuple[ResourceFile, ...] | None = None
    max_retry_count: Annotated[int, Field(ge=-1)] | None = None
    wait_for_success: bool | None = None


class Mount(Section):
    mount_path: str
    container: Container | None = None
    nfs_source: NotEmpty | None = None
    read_only: bool | None = None
    options: NotEmpty | None = None


class UserAccount(Section):
    name: str
    password: NotEmpty
    elevated: bool | None = None
    uid: NodeCount | None = None
    gid: NodeCount | None = None


class UpgradePolicy(Section):
    mode: UpgradeMode
    automatic_os_upgrade: bool | None = None
    wait_for_tasks: bool | None = None
    max_batch_instance_percent: int | None = None
    max_unhealthy_instance_percent: int | None = None
    max_unhealthy_upgraded_instance_percent: int | None = None
    pause_time_between_batches: timedelta | None = None
