"""Simulated conditions: which there are, which values they take, and where they are set."""

from typing import Any

import click
import pytest

from shoal.cli.local import chaos as command
from shoal.errors import BadInput
from shoal.local import chaos
from shoal.local.chaos import AZURE, LAPTOP, SETTINGS, Chaos, WrongSetting
from shoal.service_status import Status
from tests.services import running_service


def test_cloud_is_set_first_and_single_conditions_on_top_of_it() -> None:
    assert chaos.changed(Chaos(boot_seconds=9.0), {"like": "azure"}) == AZURE
    assert chaos.changed(AZURE, {"like": "laptop"}) == LAPTOP
    changed = chaos.changed(LAPTOP, {"like": "azure", "seed": 7, "boot_seconds": 1})
    assert (changed.seed, changed.boot_seconds, changed.strict_pool_puts) == (7, 1.0, True)
    assert chaos.changed(changed, {"seed": 8}) == chaos.changed(LAPTOP, {"like": "azure", "seed": 8, "boot_seconds": 1})


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e20, -1, "1", None, [], 10**400])
def test_value_that_a_condition_cannot_have_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(WrongSetting, match=f"^{name} is "):
        chaos.changed(LAPTOP, {name: value})


@pytest.mark.parametrize("name", [name for name in SETTINGS if not isinstance(getattr(LAPTOP, name), bool)])
def test_number_is_no_switch(name: str) -> None:
    with pytest.raises(WrongSetting, match=r"and a (whole )?number from 0 to"):
        chaos.changed(LAPTOP, {name: True})


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"colour": 1}, "colour is no condition; there are like, "),
        ({"like": "aws"}, "like is 'aws', and laptop or azure is expected"),
        ({"seed": 1.5}, "seed is 1.5, and a whole number from 0 to 9007199254740991 is expected"),
        ({"strict_pool_puts": 1}, "strict_pool_puts is 1, and true or false is expected"),
        ({"boot_seconds": 86401}, "boot_seconds is 86401, and a number from 0 to 86400 is expected"),
    ],
)
def test_refusal_says_what_is_allowed(request_: dict[str, Any], reason: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        chaos.changed(LAPTOP, request_)
    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize("cloud", [LAPTOP, AZURE])
def test_named_clouds_hold_values_that_may_be_set(cloud: Chaos) -> None:
    values = {name: getattr(cloud, name) for name in SETTINGS}
    assert chaos.changed(LAPTOP, values) == cloud
    assert {type(value) for value in values.values()} <= {bool, int, float}


def test_command_has_an_option_for_each_condition() -> None:
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    assert set(SETTINGS) <= set(options)
    assert all(options[name].help == SETTINGS[name].help for name in SETTINGS)


def test_conditions_last_as_long_as_their_block(service: Status) -> None:
    before = service.set_chaos()
    with service.chaos(absence_seconds=3, seed=5) as conditions:
        assert conditions == {**before, "absence_seconds": 3.0, "seed": 5}
    assert service.set_chaos() == before
    with pytest.raises(BadInput, match=r"^absence_seconds is nan, and a number from 0 to 86400 is expected\.$"):
        service.set_chaos(absence_seconds=float("nan"))


def test_service_may_be_like_azure_from_its_start() -> None:
    with running_service(like="azure") as status:
        assert chaos.changed(LAPTOP, status.set_chaos()) == AZURE
