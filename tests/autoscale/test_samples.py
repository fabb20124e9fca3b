from datetime import timedelta

import pytest

from shoal.autoscale.errors import InputFault
from shoal.autoscale.samples import ConstantSamples, SampleHistory
from shoal.autoscale.ticks import from_datetime
from tests.autoscale.builders import NOW


def test_old_samples_are_forgotten() -> None:
    samples = SampleHistory(retention=timedelta(minutes=10))
    for minute in range(100):
        samples.record(NOW + timedelta(minutes=minute), {"PendingTasks": minute})
    end = from_datetime(NOW + timedelta(minutes=99))
    kept = samples.count("$PendingTasks", end)
    assert 10 <= kept <= 21
    assert list(samples.last("$PendingTasks", 2, end)) == [98, 99]


def test_samples_of_a_later_moment_are_not_seen() -> None:
    samples = SampleHistory()
    samples.record(NOW, {"PendingTasks": 1})
    samples.record(NOW + timedelta(seconds=30), {"PendingTasks": 2})
    assert list(samples.last("$PendingTasks", 5, from_datetime(NOW))) == [1]


def test_variable_may_be_named_without_its_dollar_and_in_any_case() -> None:
    samples = ConstantSamples({"pendingtasks": 3, "$RunningTasks": 4})
    assert samples.last("$PendingTasks", 1, 0) == [3]
    assert samples.last("$RunningTasks", 1, 0) == [4]


@pytest.mark.parametrize("name", ["Tasks", "$TargetDedicatedNodes", ""])
def test_name_that_is_not_sampled_is_refused(name: str) -> None:
    with pytest.raises(InputFault, match=r"is not a sampled variable; sampled ones: \$ActiveTasks, \$RunningTasks"):
        ConstantSamples({name: 1})


def test_samples_must_come_in_order() -> None:
    samples = SampleHistory()
    samples.record(NOW, {"PendingTasks": 1})
    with pytest.raises(InputFault, match="recorded before an earlier one"):
        samples.record(NOW - timedelta(seconds=1), {"PendingTasks": 1})
