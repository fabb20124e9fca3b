"""The same stack with closed storage, deployed with Pulumi's engine."""

import pytest

from tests.deploy.test_closed_stack import (
    strict,
    test_closed_stack_waits_for_its_roles_runs_a_job_with_a_package_and_is_then_unchanged,
)

__all__ = ["strict", "test_closed_stack_waits_for_its_roles_runs_a_job_with_a_package_and_is_then_unchanged"]

pytestmark = pytest.mark.pulumi
