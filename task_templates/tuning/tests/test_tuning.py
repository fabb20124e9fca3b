"""The tuning: its ranking is that of scikit-learn's own cross-validation."""

from collections.abc import Callable
from pathlib import Path

import pytest
from best import ranking, table
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC


def test_combinations_are_ranked_by_the_mean_of_their_folds() -> None:
    scores = [{"c": c, "gamma": 1.0, "accuracy": accuracy} for c, accuracy in ((1.0, 0.5), (1.0, 0.7), (2.0, 0.9))]
    assert table(ranking(scores)) == "accuracy,c,gamma\n0.900000,2,1\n0.600000,1,1\n"


def test_ranking_is_that_of_a_cross_validation_in_one_process(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "penalties=1,10", "-p", "widths=0.001,0.1", "-p", "folds=3", "--out", str(tmp_path))
    shoal("run", "task_templates/tuning.yaml", "-s", "local", *given)
    rows = [line.split(",") for line in (tmp_path / "best/best/ranking.csv").read_text().splitlines()[1:]]
    digits = load_digits()
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    for accuracy, c, gamma in rows:
        model = SVC(C=float(c), gamma=float(gamma))
        whole = cross_val_score(model, digits.data, digits.target, cv=folds).mean()
        assert float(accuracy) == pytest.approx(whole, abs=1e-6)
    assert len(rows) == 4
    assert rows[0][2] == "0.001"
