"""The same days of a stack that Pulumi's own engine deploys, with the stand-in of its provider."""

import pytest

from tests.deploy.test_daily_flow import strict, test_stack_is_used_changed_broken_mended_and_taken_down

__all__ = ["strict", "test_stack_is_used_changed_broken_mended_and_taken_down"]

pytestmark = pytest.mark.pulumi
