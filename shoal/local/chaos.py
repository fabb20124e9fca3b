"""Simulated cloud conditions: machines take time to boot, Spot machines are taken away, and the service is as strict as
Azure. Each condition is a field of `Chaos`, and the field holds all that is known of it: its limits, its value in a
cloud like Azure, and its explanation. The command's options and the checks are made from there.
"""

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum, StrEnum, auto
from random import Random
from typing import Any

from shoal.local import times
from shoal.local.store import settings

HOUR = 60 * times.MINUTE
DAY_SECONDS = 24 * 3600
MOST_SEED = 2**53 - 1
"""The largest integer that every JSON client can hold."""
MOST_CORES = 1_000_000
"""So many that no machine runs out of them here. Pools and active jobs are limited to the most that Azure grants."""

Value = bool | int | float


class Cloud(StrEnum):
    """The sets of conditions that have a name."""

    LAPTOP = "laptop"
    """Nothing is scarce, slow or refused: the defaults."""
    AZURE = "azure"
    """All that is simulated, where a second stands for a minute of Azure."""


class StartFault(Enum):
    """The way in which the start of a node goes wrong."""

    UNUSABLE = auto()
    START_TASK_FAILS = auto()


class WrongSetting(ValueError):
    """A condition that does not exist, or a value that it cannot have; the text is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The explanation of a condition, and its limits."""

    help: str
    most: float
    """Numbers from 0 to this are allowed; without effect on switches."""
    azure: Value | None
    """The value in a cloud like Azure; None where it is the default."""


def _setting(default: Value, explanation: str, *, most: float = DAY_SECONDS, azure: Value | None = None) -> Any:
    return dataclasses.field(default=default, metadata={"setting": Setting(help=explanation, most=most, azure=azure)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """The conditions of all accounts and pools of the service. They are kept in the state."""

    boot_seconds: float = _setting(0.0, "Time from the decision to add a node until it starts.", azure=3.0)
    absence_seconds: float = _setting(2.0, "Time until an evicted node comes back.", azure=10.0)
    evictions_per_node_hour: float = _setting(
        0.0, "How often each Spot node that is idle or running is evicted.", most=36_000, azure=0.05
    )
    strict_pool_puts: bool = _setting(
        False, "Refuse a PUT on an existing pool that carries parts which cannot change.", azure=True
    )
    dedicated_core_quota: int = _setting(
        MOST_CORES, "Cores that the dedicated nodes of an account may have.", most=MOST_CORES, azure=100
    )
    low_priority_core_quota: int = _setting(
        MOST_CORES, "Cores that the Spot nodes of an account may have.", most=MOST_CORES, azure=100
    )
    vm_family_core_quota: int = _setting(
        MOST_CORES,
        "Cores that the dedicated nodes of an account may have in each VM family.",
        most=MOST_CORES,
        azure=50,
    )
    pool_quota: int = _setting(500, "Pools that an account may have.", most=500, azure=100)
    active_job_quota: int = _setting(1000, "Jobs of an account that may be active.", most=1000, azure=300)
    task_count_lag_seconds: float = _setting(0.0, "Answer task counts as they were so long ago.", azure=1.0)
    task_lag_seconds: float = _setting(0.0, "Show a task as completed so long after it was.", azure=2.0)
    throttled_share: float = _setting(0.0, "Share of requests that are refused as too many.", most=1, azure=0.01)
    slow_share: float = _setting(0.0, "Share of requests that are answered late.", most=1, azure=0.02)
    slow_seconds: float = _setting(2.0, "Delay of an answer that is late.", most=600)
    cut_share: float = _setting(0.0, "Share of answers whose connection is cut in the middle.", most=1, azure=0.002)
    unusable_share: float = _setting(0.0, "Share of node starts after which the node is unusable.", most=1, azure=0.01)
    start_task_failure_share: float = _setting(0.0, "Share of node starts whose start task fails.", most=1, azure=0.01)
    full_disks_per_node_hour: float = _setting(
        0.0, "How often the disk of each node that is idle or running fills up.", most=36_000
    )
    storage_kills_per_hour: float = _setting(0.0, "How often blob storage is killed; it starts again.", most=3_600)
    role_delay_seconds: float = _setting(0.0, "Time until a role assignment takes effect.", azure=10.0)
    arm_operation_seconds: float = _setting(
        0.0, "Time that ARM takes to make and delete accounts, and to delete pools and groups.", most=600, azure=1.0
    )
    storage_roles: bool = _setting(
        False, "Refuse requests to blobs without a role in effect, or with a key where keys are forbidden.", azure=True
    )
    storage_firewall: bool = _setting(
        False, "Refuse requests to blobs, and packages, that a storage account's network rules keep out.", azure=True
    )
    seed: int = _setting(0, "Seed of all random draws.", most=MOST_SEED)


PREFIX = "chaos."
"""The beginning of the names of the settings that keep the conditions."""
SETTINGS: Mapping[str, Setting] = {field.name: field.metadata["setting"] for field in fields(Chaos)}
LAPTOP = Chaos()
_LIKE_AZURE: dict[str, Any] = {name: item.azure for name, item in SETTINGS.items() if item.azure is not None}
AZURE = Chaos(**_LIKE_AZURE)


def changed(current: Chaos, request: Mapping[str, object]) -> Chaos:
    """Return the conditions after a request, which may name a cloud (`like`) to start from. Raises WrongSetting."""
    values = dict(request)
    start = _cloud(values.pop("like")) if "like" in values else current
    checked: dict[str, Any] = {name: _value(name, value) for name, value in values.items()}
    return dataclasses.replace(start, **checked)


def _cloud(name: object) -> Chaos:
    match name:
        case Cloud.LAPTOP:
            return LAPTOP
        case Cloud.AZURE:
            return AZURE
        case _:
            raise WrongSetting(f"like is {name!r}, and {' or '.join(Cloud)} is expected")


def _value(name: str, value: object) -> Value:
    """Return a value in the type of its condition. Raises WrongSetting."""
    if name not in SETTINGS:
        raise WrongSetting(f"{name} is no condition; there are like, {', '.join(sorted(SETTINGS))}")
    most = SETTINGS[name].most
    match getattr(LAPTOP, name), value:
        case bool(), bool():
            return value
        case bool(), _:
            raise WrongSetting(f"{name} is {value!r}, and true or false is expected")
        case int(), int() if not isinstance(value, bool) and 0 <= value <= most:
            return value
        case int(), _:
            raise WrongSetting(f"{name} is {value!r}, and a whole number from 0 to {most:.0f} is expected")
        case float(), int() | float() if not isinstance(value, bool) and 0 <= value <= most:
            return float(value)
        case _:
            raise WrongSetting(f"{name} is {value!r}, and a number from 0 to {most:g} is expected")


def load(connection: sqlite3.Connection) -> Chaos:
    kept = settings.below(connection, PREFIX)
    return Chaos(**{name: type(getattr(LAPTOP, name))(value) for name, value in kept.items() if name in SETTINGS})


def store(connection: sqlite3.Connection, chaos: Chaos) -> None:
    for name, value in asdict(chaos).items():
        settings.put(connection, PREFIX + name, value)


def start_fault(chaos: Chaos, node: int, boots: int) -> StartFault | None:
    """Return what goes wrong at a node's start; it follows from the seed, the node's key and the number of starts."""
    number = Random(f"{chaos.seed} {node} {boots}").random()
    if number < chaos.unusable_share:
        return StartFault.UNUSABLE
    if number < chaos.unusable_share + chaos.start_task_failure_share:
        return StartFault.START_TASK_FAILS
    return None


def evicted(nodes: Sequence[int], chaos: Chaos, elapsed: int, random: Random) -> list[int]:
    """Return the Spot nodes that are taken away in so many microseconds. Pure but for the numbers drawn."""
    return struck(nodes, chaos.evictions_per_node_hour, elapsed, random)


def struck(subjects: Sequence[int], per_hour: float, elapsed: int, random: Random) -> list[int]:
    """Return those to which it happens in so many microseconds; each draws one number where there is a rate."""
    if not per_hour:
        return []
    chance = min(1.0, per_hour * elapsed / HOUR)
    return [subject for subject in subjects if random.random() < chance]
