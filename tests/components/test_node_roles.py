"""Pools whose nodes boot at once follow the roles of their nodes by the time that Azure names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.accounts.node_roles import needs_roles_at_once, remaining

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pool", "needs"),
    [
        ({"dedicated_nodes": 1, "packages": ["var"]}, True),
        ({"spot_nodes": 1, "mounts": [{"container": "inputs"}]}, True),
        ({"warm_up_nodes": 1, "start_task": {"resource_files": [{"container": "inputs"}]}}, True),
        ({"auto_scale_formula": "$TargetDedicatedNodes = 1;", "packages": ["var"]}, True),
        ({"dedicated_nodes": 1}, False),
        ({"dedicated_nodes": 1, "mounts": [{"nfs_source": "host:/share"}]}, False),
        ({"dedicated_nodes": 1, "start_task": {"command_line": "true"}}, False),
        ({"max_spot_nodes": 9, "packages": ["var"]}, False),
    ],
)
def test_pool_waits_if_its_nodes_boot_at_once_and_read_storage(pool: dict[str, Any], *, needs: bool) -> None:
    assert needs_roles_at_once(pool) is needs


@pytest.mark.parametrize(
    ("created", "rest"),
    [
        ([], timedelta(0)),
        ([None], timedelta(0)),
        (["2026-11-27T11:58:00.1234567Z"], timedelta(minutes=8, microseconds=123456)),
        (["2026-11-27T11:58:00Z", "2026-11-27T11:59:00Z", None], timedelta(minutes=9)),
        (["2026-11-01T00:00:00Z"], timedelta(0)),
    ],
)
def test_youngest_role_says_how_long_to_wait(created: list[str | None], rest: timedelta) -> None:
    assert max(remaining(created, NOON), timedelta(0)) == rest
