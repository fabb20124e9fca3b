"""Simulations as a pool's metadata and a task's environment ask for them, and the draws that follow from each."""

import pytest

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.distributions import Constant, LogNormal, Uniform
from shoal.autoscale.simulation.simulated_pool import SimulatedPool, declared_run, simulated_pool

EXIT_CODES = "an exit code must be a whole number from 0 to 255, or drawn by choice: [0, 1]"


def test_speed_alone_leaves_the_simulator_s_own_times() -> None:
    pool = simulated_pool("1440x")
    assert pool == SimulatedPool(speed=1440)
    assert (pool.boot, pool.duration, pool.exit_code) == (Uniform(120, 240), Constant(300), Constant(0))


def test_mapping_speaks_the_words_of_the_simulator() -> None:
    pool = simulated_pool("{speed: 60x, boot: 3m, duration: {lognormal: [5m, 0.5]}, seed: 7}")
    assert pool == SimulatedPool(speed=60, boot=Constant(180), duration=LogNormal(300, 0.5), seed=7)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "shoal:simulate is ''; write 60x or {speed: 60x, duration: 5m}"),
        ("true", "shoal:simulate is 'true'; write 60x or {speed: 60x, duration: 5m}"),
        ("{speed: 60x", "shoal:simulate is '{speed: 60x'; write 60x or {speed: 60x, duration: 5m}"),
        ("0.5x", "shoal:simulate: speed: Input should be greater than or equal to 1, found '0.5x'"),
        ("3601x", "shoal:simulate: speed: Input should be less than or equal to 3600, found '3601x'"),
        ("{tasks: 5m}", "shoal:simulate: tasks: Unexpected keyword argument, found '5m'"),
        (
            "{boot: soon}",
            "shoal:simulate: boot: 'soon' is not a duration; write PT10M, 10m, 1h30m or 90s, found 'soon'",
        ),
        ("{exit_code: x}", f"shoal:simulate: exit_code: {EXIT_CODES}, found 'x'"),
        ("{exit_code: 300}", f"shoal:simulate: exit_code: {EXIT_CODES}, found 300"),
        (
            "{exit_code: {choice: [0, 256]}}",
            f"shoal:simulate: exit_code: {EXIT_CODES}, found {{'choice': [0, 256]}}",
        ),
        ("{exit_code: {exponential: 5}}", f"shoal:simulate: exit_code: {EXIT_CODES}, found {{'exponential': 5}}"),
        (
            "{evictions_per_node_hour: .inf}",
            "shoal:simulate: evictions_per_node_hour: Input should be less than or equal to 3600, found inf",
        ),
    ],
)
def test_wrong_value_is_refused_in_one_sentence(value: str, message: str) -> None:
    with pytest.raises(InputFault) as refusal:
        simulated_pool(value)
    assert str(refusal.value) == message


def test_task_may_declare_its_duration_or_its_exit_code_or_both() -> None:
    pool = SimulatedPool(duration=Constant(60), exit_code=Constant(2))
    assert pool.run(None, "t") == (60, 2)
    assert pool.run("20m", "t") == (1200, 2)
    assert pool.run("{exit_code: 0}", "t") == (60, 0)
    assert pool.run("{duration: 1h, exit_code: 137}", "t") == (3600, 137)
    assert pool.run("{exit_code: {choice: [0, 7], weights: [0, 1]}}", "t") == (60, 7)


def test_wrong_declaration_of_a_task_names_the_environment_setting() -> None:
    with pytest.raises(InputFault, match=r"^SHOAL_SIMULATE: duration: 'soon' is not a duration; "):
        declared_run("soon")


def test_draws_follow_from_the_seed_and_from_what_they_are_for() -> None:
    pool = simulated_pool("{duration: {uniform: [1m, 9m]}}")
    assert pool.run(None, "a") == pool.run(None, "a") != pool.run(None, "b")
    assert pool.run(None, "a") != simulated_pool("{duration: {uniform: [1m, 9m]}, seed: 1}").run(None, "a")


def test_durations_beyond_all_measure_are_bounded() -> None:
    assert simulated_pool("{duration: {lognormal: [5m, 1.0e+9]}}").run(None, "a")[0] <= 1e9
    assert simulated_pool("{duration: .inf}").run(None, "a")[0] == 1e9


def test_spot_node_is_evicted_after_a_time_that_fits_the_rate() -> None:
    assert SimulatedPool().time_to_eviction("node") is None
    pool = SimulatedPool(evictions_per_node_hour=2)
    times = [pool.time_to_eviction(str(number)) or 0 for number in range(2000)]
    assert 1700 < sum(times) / len(times) < 1900
