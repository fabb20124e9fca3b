"""Accounts of somebody else in the hands of Pulumi's engine: as in those of the embedded one."""

import pytest

from tests.deploy.test_adopted_accounts import (
    test_account_that_cannot_serve_the_stack_is_refused_in_a_preview_too,
    test_adopted_accounts_serve_a_stack_and_are_left_as_they_were,
    test_adopted_group_keeps_what_is_not_the_stacks,
)
from tests.local.arm.conftest import account, account_name, arm, storage

__all__ = [
    "account",
    "account_name",
    "arm",
    "storage",
    "test_account_that_cannot_serve_the_stack_is_refused_in_a_preview_too",
    "test_adopted_accounts_serve_a_stack_and_are_left_as_they_were",
    "test_adopted_group_keeps_what_is_not_the_stacks",
]

pytestmark = pytest.mark.pulumi
