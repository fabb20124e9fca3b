import sys
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.sweep.sweep import points
from tests.jobs.builders import bound, one_stage

AXES = (
    "{u: {uniform: [0, 16]}, l: {log_uniform: [1, 100]}, n: {normal: [5, 1]}, "
    "i: {integers: [1, 4]}, c: {choice: [a, b]}}"
)


def drawn(folder: Path, method: str, draws: int = 16, seed: int = 7, axes: str = AXES) -> list[dict[str, Any]]:
    source = f"{{random: {{draws: {draws}, seed: {seed}, method: {method}, axes: {axes}}}}}"
    return list(points(bound(folder, one_stage(f"command: x\nfor_each: {source}")).stages[0]))


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_sixteen_draws_fall_evenly_into_the_sixteenths_of_every_axis(tmp_path: Path, method: str) -> None:
    found = drawn(tmp_path, method)
    assert sorted(int(point["u"]) for point in found) == list(range(16))
    assert sorted(point["i"] for point in found) == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    assert sorted(point["c"] for point in found) == ["a"] * 8 + ["b"] * 8
    assert sum(point["n"] < 5 for point in found) == 8
    assert sum(point["l"] < 10 for point in found) == 8


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_seed_gives_the_same_points_again_and_another_seed_others(tmp_path: Path, method: str) -> None:
    assert drawn(tmp_path, method) == drawn(tmp_path, method)
    seeds = [drawn(tmp_path, method, seed=seed)[0]["u"] for seed in (7, -7, 8)]
    assert len(set(seeds)) == 3


def test_longer_sobol_sequence_begins_with_the_shorter(tmp_path: Path) -> None:
    assert drawn(tmp_path, "sobol", draws=1500, axes="{u: {uniform: [0, 1]}}")[:100] == drawn(
        tmp_path, "sobol", draws=100, axes="{u: {uniform: [0, 1]}}"
    )


def test_points_of_a_seed_are_these_for_ever(tmp_path: Path) -> None:
    found = [drawn(tmp_path, method, axes="{u: {uniform: [0, 1]}}")[0]["u"] for method in ("latin_hypercube", "sobol")]
    assert found == pytest.approx([0.2663633760823924, 0.21297670435160398])


def test_missing_scipy_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(
        BadInput, match=r"`method: sobol` needs scipy; install it with `pip install 'shoal\[sampling\]'`"
    ):
        drawn(tmp_path, "sobol")


def test_unknown_method_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="method is halton; it must be 'independent', 'latin_hypercube' or 'sobol'"):
        drawn(tmp_path, "halton")
