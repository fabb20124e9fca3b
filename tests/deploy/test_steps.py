import pytest

from shoal.deploy.embedded.stack_record import RecordedResource, input_hash
from shoal.deploy.resources.resource_types import TYPES
from shoal.deploy.steps import Change, StepOperation, decide, hashes_of

POOL = TYPES["azure-native:batch:Pool"]
INPUTS = {"poolName": "p", "vmSize": "small", "displayName": "P"}


def recorded(*, pending: bool = False, making: bool = False) -> RecordedResource:
    hashes = hashes_of(INPUTS, (), None)
    return RecordedResource(urn="u", type=POOL.token, id="/p", inputs=hashes, pending=pending, making=making)


@pytest.mark.parametrize(
    ("inputs", "exists", "operation", "changes"),
    [
        (INPUTS, True, StepOperation.SAME, ""),
        (INPUTS, False, StepOperation.CREATE, ""),
        ({**INPUTS, "displayName": "Q"}, True, StepOperation.UPDATE, "~displayName"),
        ({**INPUTS, "tags": {"a": "b"}}, True, StepOperation.UPDATE, "+tags"),
        ({"poolName": "p", "vmSize": "small"}, True, StepOperation.UPDATE, "-displayName"),
        ({**INPUTS, "displayName": "Q"}, False, StepOperation.CREATE, ""),
        ({**INPUTS, "vmSize": "large"}, True, StepOperation.REPLACE, "~vmSize"),
        ({**INPUTS, "poolName": "q", "displayName": "Q"}, True, StepOperation.REPLACE, "~poolName ~displayName"),
        ({**INPUTS, "poolName": "q"}, False, StepOperation.REPLACE, "~poolName"),
    ],
)
def test_operation_follows_from_what_changed(
    inputs: dict[str, object], exists: bool, operation: StepOperation, changes: str
) -> None:
    decided = decide(recorded(), hashes_of(inputs, (), None), POOL, {"vmSize"}, exists=exists)
    assert (decided[0], " ".join(map(str, decided[1]))) == (operation, changes)


def test_resource_that_was_never_there_is_created() -> None:
    assert decide(None, {}, POOL, (), exists=False) == (StepOperation.CREATE, ())


def test_resource_whose_put_was_broken_off_is_put_again() -> None:
    assert decide(recorded(pending=True), recorded().inputs, POOL, (), exists=True) == (StepOperation.UPDATE, ())


@pytest.mark.parametrize(
    ("exists", "operation"),
    [(True, StepOperation.SAME), (False, StepOperation.CREATE)],
)
def test_resource_whose_first_put_was_broken_off_is_left_if_it_is_there(exists: bool, operation: StepOperation) -> None:
    old = recorded(pending=True, making=True)
    assert decide(old, old.inputs, POOL, (), exists=exists) == (operation, ())


def test_every_change_replaces_where_all_are_named() -> None:
    hashes = hashes_of({**INPUTS, "displayName": "Q"}, (), None)
    changed = (Change(name="displayName", kind="~"),)
    assert decide(recorded(), hashes, POOL, {"*"}, exists=True) == (StepOperation.REPLACE, changed)
    assert decide(recorded(), recorded().inputs, POOL, {"*"}, exists=True) == (StepOperation.SAME, ())


def test_ignored_input_keeps_the_hash_it_was_made_with() -> None:
    hashes = hashes_of({**INPUTS, "vmSize": "large"}, {"vmSize"}, recorded())
    assert hashes["vmSize"] == input_hash("small")
