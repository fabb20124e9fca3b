"""Control groups of nodes; the processes that they keep are tried in test_escapes.py."""

import os
import subprocess
from pathlib import Path

import pytest

from shoal.local.node import control_groups
from shoal.local.node.control_groups import ControlGroups
from tests.waiting import wait_until

VERSION_2 = "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n"
VERSION_1 = (
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw shared:7 - cgroup cgroup rw,pids\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
)


@pytest.mark.parametrize(
    ("mountinfo", "membership", "groups"),
    [
        ("", "", []),
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "0::/\n", []),
        (VERSION_2, "0::/user.slice/user@1000.service/a.scope\n", ["user.slice/user@1000.service/a.scope"]),
        (VERSION_1, "9:name=systemd:/init\n8:pids:/a:b\n2:cpu,cpuacct:/\n", ["pids/a:b", "systemd/init"]),
        (
            VERSION_1 + VERSION_2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified "),
            "8:pids:/\n0::/\n",
            ["unified", "pids"],
        ),
        # A container without a namespace of its own sees the part of the hierarchy that is its own.
        (VERSION_2.replace(" / ", " /docker/1a "), "0::/docker/1a/b\n", ["b"]),
        (VERSION_2.replace(" / ", " /docker/1a "), "0::/../elsewhere\n", [""]),
    ],
)
def test_own_groups_are_found_in_every_hierarchy(mountinfo: str, membership: str, groups: list[str]) -> None:
    expected = [Path("/sys/fs/cgroup") / group for group in groups]
    assert control_groups.own_groups(mountinfo, membership) == expected


def test_members_of_an_earlier_services_groups_are_killed_and_the_groups_removed(tmp_path: Path) -> None:
    groups = ControlGroups(tmp_path)
    groups.open()
    if (members := groups.members("node")) is None:
        pytest.skip("this user may make no control group")
    script = f"echo $$ > {members}; (setsid env -i sleep 7400 &) & exec sleep 7400"
    with subprocess.Popen(["/bin/sh", "-c", script]) as process:
        wait_until(lambda: len(members.read_text().split()) == 2)
        assert str(os.getpid()) not in members.read_text().split()
        elsewhere = ControlGroups(tmp_path.parent)
        assert elsewhere.end_all()
        assert process.poll() is None, "groups of another folder stay"
        assert ControlGroups(tmp_path).end_all()
        assert process.wait(5) == -9
    assert not members.parent.parent.exists()
