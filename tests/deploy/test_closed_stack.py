"""A stack whose storage is closed to the network, in a cloud where roles take effect late."""

from collections.abc import Iterator

import pytest

from tests.deploy.stacks import Stack
from tests.deploy.test_daily_flow import BY_CHANCE, CLOUD, JOB, result_of_run

pytestmark = pytest.mark.story

CLOSED = """\
  shoal:allowedAddresses: [203.0.113.10]
  shoal:network: {privateEndpoints: true}
  shoal:deployers: [{principalId: 00000000-0000-0000-0000-000000000000, principalType: User}]
"""
"""The address is this machine's, and the principal whoever deploys, in the embedded service."""


@pytest.fixture(autouse=True)
def strict(stack: Stack) -> Iterator[None]:
    cloud = {**CLOUD, **dict.fromkeys(BY_CHANCE, 0), "role_delay_seconds": 14.0}
    with stack.project.status.chaos(**cloud):
        yield


def test_closed_stack_waits_for_its_roles_runs_a_job_with_a_package_and_is_then_unchanged(stack: Stack) -> None:
    stack.file.write_text(stack.file.read_text() + CLOSED)
    stack.configure(PT3S="PT1S")
    (stack.project.directory / "job.yaml").write_text(JOB)
    deployed = stack.project.shoal("up", "-y", "-s", stack.name)
    assert deployed.returncode == 0, deployed.stderr
    assert (
        f"waiting until the role of Batch account {stack.name.replace('-', '')} on its auto-storage" in deployed.stderr
    )
    assert result_of_run(stack, "work") == "first\n"
    assert "No changes: all 34 resources are as declared." in stack.up()
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert "34 deleted" in down.stdout, down.stderr
