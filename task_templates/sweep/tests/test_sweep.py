"""The sweep, on an embedded service with real processes."""

from collections.abc import Callable
from pathlib import Path

from estimate import hits
from merge import table


def test_sweep_brings_its_table_home(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "draws=1000", "-p", "seeds=3", "--out", str(tmp_path))
    shoal("run", "task_templates/sweep.yaml", "-s", "local", *given)
    estimates = [{"seed": seed, "draws": 1000, "hits": hits(1000, seed)} for seed in (1, 2, 3)]
    assert (tmp_path / "merge" / "merge" / "estimates.csv").read_text() == table(estimates)
