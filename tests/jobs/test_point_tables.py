import sys
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.sweep.column_names import axis_names
from shoal.jobs.sweep.sweep import points
from tests.jobs.builders import bound, one_stage


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return list(points(bound(folder, one_stage(f"command: x\nfor_each: {{table: {table}}}")).stages[0]))


def write_parquet(path: Path, columns: dict[str, list[Any]]) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


@pytest.mark.parametrize(
    ("column", "axis"),
    [
        ("plain", "plain"),
        ("Sample ID", "Sample_ID"),
        (" dose (mg/kg) ", "dose_mg_kg"),
        ("2nd", "_2nd"),
        ("größe", "größe"),
        ("a.b", "a_b"),
    ],
)
def test_column_has_this_name_in_templates(column: str, axis: str) -> None:
    assert axis_names([column], "p.csv") == {column: axis}


def test_renamed_columns_can_be_used_and_typed_and_are_said_in_the_plan(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("Sample ID,dose (mg),n\n7,1.50,3\n")
    table = "{file: p.csv, types: {Sample ID: str, dose_mg: float}}"
    assert rows(tmp_path, table) == [{"Sample_ID": "7", "dose_mg": 1.5, "n": 3}]
    stage = "command: echo {{ Sample_ID }}\nfor_each:\n  product: [{table: p.csv}]"
    assert make_plan(bound(tmp_path, one_stage(stage))).warnings == (
        f"{tmp_path}/job.yaml line 6: columns of p.csv have other names in templates: "
        "'Sample ID' is Sample_ID, 'dose (mg)' is dose_mg",
    )


def test_names_of_json_lines_become_axes_too(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"a b": 1}\n{"a b": 2}\n')
    assert rows(tmp_path, "p.jsonl") == [{"a_b": 1}, {"a_b": 2}]


def test_parquet_table_gives_points_with_the_types_of_its_columns(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "p.parquet",
        {
            "n": [1, 2],
            "x y": [0.5, 1.0],
            "day": [date(2026, 1, 31), None],
            "price": [Decimal("1.50"), Decimal("2.00")],
            "tags": [["a"], ["b", "c"]],
            "ok": [True, False],
        },
    )
    assert rows(tmp_path, "p.parquet") == [
        {"n": 1, "x_y": 0.5, "day": "2026-01-31", "price": "1.50", "tags": ["a"], "ok": True},
        {"n": 2, "x_y": 1.0, "day": None, "price": "2.00", "tags": ["b", "c"], "ok": False},
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, float("nan")], r"p\.parquet row 2: a is nan, which is not a finite number"),
        ([b"x"], r"p\.parquet row 1: a is of type bytes; a point has numbers, text, true and false only"),
        ([1, 1], r"two points are equal: a=1"),
    ],
)
def test_parquet_row_that_is_no_point_is_refused(tmp_path: Path, values: list[Any], message: str) -> None:
    write_parquet(tmp_path / "p.parquet", {"a": values})
    with pytest.raises(BadInput, match=message):
        rows(tmp_path, "p.parquet")


def test_types_of_a_parquet_table_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "p.parquet", {"a": [1]})
    with pytest.raises(BadInput, match=r"the columns of .*p\.parquet have types of their own; leave `types` out"):
        rows(tmp_path, "{file: p.parquet, types: {a: str}}")


def test_missing_pyarrow_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_parquet(tmp_path / "p.parquet", {"a": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BadInput, match=r"p\.parquet needs pyarrow; install it with `pip install 'shoal\[tables\]'`"):
        rows(tmp_path, "p.parquet")


def test_long_parquet_table_is_read_in_batches(tmp_path: Path) -> None:
    write_parquet(tmp_path / "p.parquet", {"a": list(range(200_000)), "text": ["x" * 50] * 200_000})
    stage = bound(tmp_path, one_stage("command: x\nfor_each: {table: p.parquet}")).stages[0]
    stream = points(stage)
    next(stream)
    tracemalloc.start()
    try:
        assert sum(1 for _ in stream) == 199_999
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000  # the hashes against equal rows; all rows would take 60 MB
