"""Accounts on a pool's nodes, beside the ones that Batch makes for its tasks.

Source: REST reference, UserAccount. Batch wants a password of each and never tells it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from .fault import Fault, Spelling
from .image_rules import is_windows

LONGEST_NAME = 20


class UserAccount(TypedDict):
    name: str
    """Up to 20 characters."""
    password: pulumi.Input[str]
    """Kept as a secret in the state, and in no output."""
    elevated: NotRequired[bool]
    """An administrator."""
    uid: NotRequired[int]
    """With `gid`, on Linux; else the system chooses both."""
    gid: NotRequired[int]
    """On Linux, with `uid`."""


def user_accounts(accounts: Sequence[UserAccount]) -> list[batch.UserAccountArgsDict]:
    return [_account(account) for account in accounts]


def faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    accounts: Sequence[UserAccount] = pool.get("user_accounts", ())
    for i, account in enumerate(accounts):
        at, name = spelt(f"user_accounts[{i}]"), account["name"]
        if not 1 <= len(name) <= LONGEST_NAME:
            text = f"is {name or 'empty'}; it must have 1 to {LONGEST_NAME} characters"
            yield Fault(at=f"{at}.{spelt('name')}", text=text)
        if any(name == other["name"] for other in accounts[:i]):
            yield Fault(at=f"{at}.{spelt('name')}", text=f"is {name}, as another account is called")
        if ("uid" in account) != ("gid" in account):
            yield Fault(at=at, text="must have both uid and gid, or neither")
        if "uid" in account and is_windows(pool):
            yield Fault(at=f"{at}.uid", text="means nothing on Windows")


def _account(account: UserAccount) -> batch.UserAccountArgsDict:
    elevated = account.get("elevated", False)
    told: batch.UserAccountArgsDict = {
        "name": account["name"],
        "password": pulumi.Output.secret(account["password"]),
        "elevation_level": batch.ElevationLevel.ADMIN if elevated else batch.ElevationLevel.NON_ADMIN,
    }
    if "uid" in account:
        told["linux_user_configuration"] = {"uid": account["uid"], "gid": account["gid"]}
    return told
