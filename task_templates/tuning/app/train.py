"""Trains a support vector machine on all folds but one, and measures it on that one. Needs scikit-learn."""

import argparse
import json
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC


def accuracy(c: float, gamma: float, fold: int, folds: int) -> float:
    """Return the share of the fold's digits that are read rightly. The same arguments give the same figure."""
    digits = load_digits()
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(digits.data, digits.target))
    train, test = parts[fold - 1]
    model = SVC(C=c, gamma=gamma).fit(digits.data[train], digits.target[train])
    return float(model.score(digits.data[test], digits.target[test]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--c", type=float, required=True)
    parser.add_argument("--gamma", type=float, required=True)
    parser.add_argument("--fold", type=int, required=True)
    parser.add_argument("--folds", type=int, required=True)
    given = vars(parser.parse_args())
    Path("score.json").write_text(json.dumps({**given, "accuracy": accuracy(**given)}))
