"""Accounts on a pool's nodes, beside the ones that Batch makes for its tasks.

Source: REST reference, UserAccount. Batch requires a password for each and never returns it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from shoal.azure.limits import USER_ACCOUNT_NAME_LENGTH

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import NonNegative, NotEmpty
from .image_rules import is_windows


class UserAccount(TypedDict):
    """A user of each node, beside the ones that Batch makes for its tasks."""

    name: str
    """Name of the user, up to 20 characters."""
    password: pulumi.Input[NotEmpty]
    """Password; a secret in the state, and in no output."""
    elevated: NotRequired[bool]
    """True for an administrator; false unless given."""
    uid: NotRequired[NonNegative]
    """User id on Linux, given with `gid`; the system chooses both unless given."""
    gid: NotRequired[NonNegative]
    """Group id on Linux, given with `uid`."""


def user_accounts(accounts: Sequence[UserAccount]) -> list[batch.UserAccountArgsDict]:
    return [_account(account) for account in accounts]


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    accounts: Sequence[UserAccount] = pool.get("user_accounts", ())
    for i, account in enumerate(accounts):
        at, name = spelling(f"user_accounts[{i}]"), account["name"]
        if not 1 <= len(name) <= USER_ACCOUNT_NAME_LENGTH:
            text = f"is {name or 'empty'}; it must have 1 to {USER_ACCOUNT_NAME_LENGTH} characters"
            yield ArgumentFault(at=f"{at}.{spelling('name')}", text=text)
        if any(name == other["name"] for other in accounts[:i]):
            yield ArgumentFault(at=f"{at}.{spelling('name')}", text=f"is {name}, as another account is called")
        if ("uid" in account) != ("gid" in account):
            yield ArgumentFault(at=at, text="must have both uid and gid, or neither")
        if "uid" in account and is_windows(pool):
            yield ArgumentFault(at=f"{at}.uid", text="means nothing on Windows")


def _account(account: UserAccount) -> batch.UserAccountArgsDict:
    elevated = account.get("elevated", False)
    declared: batch.UserAccountArgsDict = {
        "name": account["name"],
        "password": pulumi.Output.secret(account["password"]),
        "elevation_level": batch.ElevationLevel.ADMIN if elevated else batch.ElevationLevel.NON_ADMIN,
    }
    if "uid" in account:
        declared["linux_user_configuration"] = {"uid": account["uid"], "gid": account["gid"]}
    return declared
