"""Estimate the value at risk of one share over one horizon, and write it as one JSON file."""

from __future__ import annotations

import argparse
import csv
from fractions import Fraction
from pathlib import Path
from typing import Sequence

import risk
from estimate import Estimate, to_json


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    try:
        prices = read_prices(arguments.prices, arguments.ticker)
    except (OSError, ValueError) as exc:
        parser.error(str(exc))
    estimate = simulate(
        prices,
        ticker=arguments.ticker,
        horizon=arguments.horizon,
        confidence=arguments.confidence,
        paths=arguments.paths,
        seed=arguments.seed,
    )
    arguments.out.write_text(to_json(estimate), encoding="utf-8")
    print(
        f"{estimate.ticker} over {estimate.horizon} months at {estimate.confidence:.4g}: "
        f"value at risk {estimate.value_at_risk:.4f}, expected shortfall {estimate.expected_shortfall:.4f}"
    )


def simulate(
    prices: Sequence[float], *, ticker: str, horizon: int, confidence: Fraction, paths: int, seed: int
) -> Estimate:
    losses = risk.bootstrap_losses(risk.log_returns(prices), horizon=horizon, paths=paths, seed=seed)
    return Estimate(
        ticker=ticker,
        horizon=horizon,
        confidence=float(confidence),
        seed=seed,
        paths=paths,
        value_at_risk=round(risk.value_at_risk(losses, confidence), 6),
        expected_shortfall=round(risk.expected_shortfall(losses, confidence), 6),
    )


def read_prices(path: Path, ticker: str) -> list[float]:
    """Return the monthly prices of one share, oldest first. Raises ValueError where the file lacks them."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"symbol", "date", "price"} <= set(rows.fieldnames or ()):
            raise ValueError(f"{path} must have the columns symbol, date and price; it has {rows.fieldnames}")
        quotes = [(row["symbol"], row["date"], _price(row["price"], f"{path} line {rows.line_num}")) for row in rows]
    chosen = sorted((date, price) for symbol, date, price in quotes if symbol == ticker)
    if len(chosen) < 2:
        known = ", ".join(sorted({symbol for symbol, _, _ in quotes}))
        raise ValueError(f"{path} has {len(chosen)} prices of {ticker!r}, at least 2 are needed; it has {known}")
    return [price for _, price in chosen]


def _price(text: str, place: str) -> float:
    try:
        price = float(text)
    except (TypeError, ValueError):
        price = 0.0
    if not 0 < price < float("inf"):
        raise ValueError(f"{place}: the price must be a number above 0, not {text!r}")
    return price


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--prices", type=Path, required=True, help="CSV file with the columns symbol, date and price")
    parser.add_argument("--ticker", required=True, help="the symbol of the share, as in the prices file")
    parser.add_argument("--horizon", type=_whole, required=True, help="holding period in months")
    parser.add_argument("--confidence", type=_confidence, required=True, help="between 0 and 1, such as 0.99")
    parser.add_argument("--paths", type=_whole, default=50_000, help="simulated paths (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same result (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def _confidence(text: str) -> Fraction:
    """Read the confidence as an exact fraction: with the binary 0.99, some numbers of paths give a rank off by one."""
    try:
        confidence = Fraction(text)
    except (ValueError, ZeroDivisionError):
        confidence = Fraction(0)
    if not 0 < confidence < 1:
        raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, not {text!r}")
    return confidence


if __name__ == "__main__":
    main()
