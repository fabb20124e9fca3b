import itertools
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.errors import BadInput
from shoal.jobs.sweep.sweep import points
from tests.jobs.builders import bound, one_stage


def swept(folder: Path, for_each: str, **files: str) -> list[dict[str, Any]]:
    """The points of a sweep, with files of a name and content beside it (`_` for the dot)."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return list(points(bound(folder, one_stage(f"command: x\nfor_each: {for_each}")).stages[0]))


@pytest.mark.parametrize(
    ("for_each", "expected"),
    [
        (
            "{product: {a: [1, 2], b: [x, y]}}",
            [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}],
        ),
        ("{zip: {a: [1, 2], b: [x, y]}}", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ("{product: {a: {range: [1, 3]}}}", [{"a": 1}, {"a": 2}, {"a": 3}]),
        ("{product: {a: {range: [0.1, 0.3, 0.1]}}}", [{"a": 0.1}, {"a": 0.2}, {"a": 0.3}]),
        ("{product: {a: {range: [1, 6, 2]}}}", [{"a": 1}, {"a": 3}, {"a": 5}]),
        ("{zip: {a: [1, 2], b: [3, 4]}, product: {c: [5]}}", [{"a": 1, "b": 3, "c": 5}, {"a": 2, "b": 4, "c": 5}]),
        ("{product: {a: {range: [1, 9]}}, where: a % 4 == 0}", [{"a": 4}, {"a": 8}]),
        ("{product: {a: [1, 2], b: [1, 2]}, exclude: [{a: 1}, {b: 1}]}", [{"a": 2, "b": 2}]),
        ("{product: {a: [1]}, where: a > 5, include: [{a: 0}]}", [{"a": 0}]),
        ("{product: {m: [{name: x, size: 2}]}}", [{"m": {"name": "x", "size": 2}}]),
        (
            "{zip: [{product: {a: [1, 2], b: [x]}}, {product: {c: [8, 9]}}]}",
            [{"a": 1, "b": "x", "c": 8}, {"a": 2, "b": "x", "c": 9}],
        ),
        (
            "{product: [{zip: {a: [1, 2], b: [3, 4]}}, {zip: {c: [5], d: [6]}}]}",
            [{"a": 1, "b": 3, "c": 5, "d": 6}, {"a": 2, "b": 4, "c": 5, "d": 6}],
        ),
        (
            "{product: [{zip: [{zip: {a: [1, 2]}}, {product: {b: [3, 4]}}], product: {c: [5]}}]}",
            [{"a": 1, "b": 3, "c": 5}, {"a": 2, "b": 4, "c": 5}],
        ),
        ("{product: {a: [2, 3, 1]}, order: a}", [{"a": 1}, {"a": 2}, {"a": 3}]),
        ("{product: {a: [2, 3, 1]}, order: -a, limit: 2}", [{"a": 3}, {"a": 2}]),
        ("{product: {a: [b, c, a]}, include: [{a: B}], order: name}", [{"a": "B"}, {"a": "a"}, {"a": "b"}, {"a": "c"}]),
        (
            "{zip: {a: [1, 2, 3], b: [y, x, x]}, order: [b, -a]}",
            [{"a": 3, "b": "x"}, {"a": 2, "b": "x"}, {"a": 1, "b": "y"}],
        ),
        ("{product: {size: [2, 1]}, order: size}", [{"size": 1}, {"size": 2}]),
        ("{product: {a: {range: [1, 9]}}, limit: 2}", [{"a": 1}, {"a": 2}]),
    ],
)
def test_sweep_gives_these_points(tmp_path: Path, for_each: str, expected: list[dict[str, Any]]) -> None:
    assert swept(tmp_path, for_each) == expected


@pytest.mark.parametrize(
    ("for_each", "message"),
    [
        ("{product: {a: [1, 2, 1]}}", r"line 6: axis 'a': the value 1 stands twice"),
        ("{zip: {a: [1, 1], b: [2, 2]}}", r"line 6: two points are equal: a=1, b=2"),
        ("{zip: {a: [1, 2], b: [2]}}", r"line 6: the axes of a zip must be equally long; a has 2, b has 1"),
        ("{product: {a: [1]}, include: [{a: 1}]}", r"line 6: a=1 is a point already"),
        ("{product: {a: [1]}, include: [{a: 2}, {a: 2}]}", r"line 6: two of the points are equal"),
        ("{product: {a: [1]}, zip: {a: [2]}}", r"line 6: the axis 'a' has the name of another axis"),
        ("{product: {task: [1]}}", r"line 6: the axis 'task' has the name of another axis, a parameter or a built-in"),
        ("{product: {a: [1]}, where: b > 1}", r"line 6: 'b' is undefined"),
        ("{product: {a: {files: 'none*'}}}", r"line 6: axis 'a': no file in .* matches 'none\*'"),
        ("{where: a > 1}", "for_each is wrong: it needs product, zip, table, random or include"),
        ("{zip: [{product: {a: [1, 2]}}, {product: {b: [1]}}]}", "line 6: the sources .* number 2 has 1 points"),
        ("{product: [{zip: {a: [1]}}, {product: {a: [2]}}]}", "line 6: the axis 'a' has the name of another axis"),
        ("{product: [{where: a}]}", r"for_each\.product\[0\]\.where is not a known key"),
        ("{product: [{}]}", r"product\[0\] is wrong: it needs product, zip, table or random"),
        ("{product: {a: [1, x]}, order: a}", "line 6: the points have no order by it: '<' not supported"),
        ("{product: {a: [1, 2]}, order: size}", "line 6: `size` is that of files; no axis has any"),
        ("{product: {a: [1, 2]}, order: b}", "line 6: 'b' is undefined"),
        ("{product: {a: [1, 2]}, limit: 0}", "limit is 0; it must be at least 1"),
    ],
)
def test_sweep_that_cannot_be_meant_is_refused(tmp_path: Path, for_each: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        swept(tmp_path, for_each)


def test_one_and_one_point_zero_are_different_values(tmp_path: Path) -> None:
    assert len(swept(tmp_path, "{product: {a: [1, 1.0, '1']}}")) == 3


def test_cells_are_numbers_only_where_they_are_written_back_the_same_way(tmp_path: Path) -> None:
    found = swept(tmp_path, "{table: p.csv}", p_csv="id,alpha,n\n007,0.95,3\n8a,1.50,-4\n")
    assert found == [{"id": "007", "alpha": 0.95, "n": 3}, {"id": "8a", "alpha": "1.50", "n": -4}]


def test_cell_without_a_type_that_json_cannot_hold_as_a_number_stays_text(tmp_path: Path) -> None:
    cells = ["nan", "inf", "-inf", "18446744073709551616", "-9223372036854775809", "1e400"]
    found = swept(tmp_path, "{table: p.csv}", p_csv="\n".join(["a", *cells]))
    assert found == [{"a": cell} for cell in cells]


def test_types_of_columns_can_be_fixed(tmp_path: Path) -> None:
    found = swept(tmp_path, "{table: {file: p.tsv, types: {id: str, alpha: float}}}", p_tsv="id\talpha\n7\t1.50\n")
    assert found == [{"id": "7", "alpha": 1.5}]


def test_json_lines_are_points(tmp_path: Path) -> None:
    found = swept(tmp_path, "{table: p.jsonl}", p_jsonl='{"a": 1, "m": {"k": 2}}\n\n{"a": 2, "m": {"k": 3}}\n')
    assert found == [{"a": 1, "m": {"k": 2}}, {"a": 2, "m": {"k": 3}}]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("table: p.csv", 8),
        ("random: {draws: 2, seed: 1, axes: {a: {choice: [1]}}}", 8),
        ("zip: {a: [1, 1]}", 8),
    ],
)
def test_equal_points_are_refused_with_the_line_of_their_source(tmp_path: Path, source: str, line: int) -> None:
    (tmp_path / "p.csv").write_text("a\n1\n1\n")
    with pytest.raises(BadInput, match=f"line {line}: two points are equal: a=1"):
        swept(tmp_path, f"\n      product: {{b: [1]}}\n      {source}")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", "a,b\n1,2\n3\n", r"p\.csv line 3: 1 cells under 2 columns"),
        ("p.csv", "a b,a-b\n1,2\n", r"p\.csv line 1: 'a-b' must be a name of its own"),
        ("p.csv", "a,a\n1,2\n", r"p\.csv line 1: 'a' must be a name of its own"),
        ("p.csv", "a,,b\n1,2,3\n", r"p\.csv line 1: '' must be a name of its own"),
        ("p.parquet", "a,b\n1,2\n3,4\n", r"p\.parquet cannot be read: Parquet magic bytes not found"),
        ("p.csv", "a,b\n1,2\n1,2\n", r"two points are equal: a=1, b=2"),
        ("p.jsonl", '{"a": 1}\n{"b": 1}\n', r"p\.jsonl line 2: its names differ from the first row's, a"),
        ("p.jsonl", "{a: 1}\n", r"p\.jsonl line 1: this is not JSON"),
        ("p.xls", "", r"must be \.csv, \.tsv or \.jsonl"),
    ],
)
def test_table_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=message):
        swept(tmp_path, f"{{table: {name}}}")


@pytest.mark.parametrize(
    ("kind", "cell"), [("float", "nan"), ("float", "-inf"), ("float", "1e400"), ("int", "18446744073709551616")]
)
def test_cell_that_json_cannot_hold_as_its_type_is_refused(tmp_path: Path, kind: str, cell: str) -> None:
    with pytest.raises(BadInput, match=rf"p\.csv line 3: a: '{cell}' is not of type {kind}"):
        swept(tmp_path, f"{{table: {{file: p.csv, types: {{a: {kind}}}}}}}", p_csv=f"a\n1\n{cell}\n")


def test_table_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"job\.yaml line \d+: the table .*none\.csv does not exist"):
        swept(tmp_path, "{table: none.csv}")


def test_same_seed_draws_the_same_points_and_more_draws_keep_the_earlier_ones(tmp_path: Path) -> None:
    axes = "{u: {uniform: [0, 1]}, k: {integers: [1, 100]}, m: {choice: [a, b]}}"
    few = swept(tmp_path, f"{{random: {{draws: 3, seed: 7, axes: {axes}}}}}")
    many = swept(tmp_path, f"{{random: {{draws: 9, seed: 7, axes: {axes}}}}}")
    other = swept(tmp_path, f"{{random: {{draws: 3, seed: 8, axes: {axes}}}}}")
    assert many[:3] == few
    assert other != few


def test_axis_drawn_beside_another_does_not_change_it(tmp_path: Path) -> None:
    alone = swept(tmp_path, "{random: {draws: 4, seed: 1, axes: {u: {normal: [0, 1]}}}}")
    beside = swept(tmp_path, "{random: {draws: 4, seed: 1, axes: {v: {log_uniform: [1, 9]}, u: {normal: [0, 1]}}}}")
    assert [point["u"] for point in beside] == [point["u"] for point in alone]


def test_files_are_paths_that_know_their_parts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "b.fa").write_text("12345")
    (tmp_path / "data" / "a.fa").write_text("1")
    found = [point["f"] for point in swept(tmp_path, "{product: {f: {files: 'data/*.fa'}}}")]
    assert found == ["data/a.fa", "data/b.fa"]
    assert (found[1].name, found[1].stem, found[1].suffix, found[1].size) == ("b.fa", "b", ".fa", 5)


def test_files_are_ordered_by_size_and_their_largest_comes_first_with_a_minus(tmp_path: Path) -> None:
    for name, length in [("a", 2), ("b", 3), ("c", 1)]:
        (tmp_path / f"{name}.fa").write_text("x" * length)
    found = swept(tmp_path, "{product: {f: {files: '*.fa'}}, order: -size}")
    assert [point["f"] for point in found] == ["b.fa", "a.fa", "c.fa"]


def test_order_can_be_by_the_slots_that_each_task_takes(tmp_path: Path) -> None:
    stage = "command: x\nslots: '{{ 4 - a }}'\nfor_each: {product: {a: [1, 2, 3]}, order: slots}"
    assert [point["a"] for point in points(bound(tmp_path, one_stage(stage)).stages[0])] == [3, 2, 1]


def test_random_order_is_that_of_its_seed_and_further_points_do_not_change_it(tmp_path: Path) -> None:
    few, other = (
        swept(tmp_path, f"{{product: {{a: {{range: [1, 20]}}}}, order: {{random: {seed}}}}}") for seed in (1, 2)
    )
    many = swept(tmp_path, "{product: {a: {range: [1, 40]}}, order: {random: 1}}")
    assert [point for point in many if point["a"] <= 20] == few
    assert sorted(point["a"] for point in few) == list(range(1, 21))
    assert few != other


def test_a_million_points_take_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    text = one_stage("command: x\nfor_each: {product: {a: {range: [1, 1000]}, b: {range: [1, 1000]}}}")
    stream = points(bound(tmp_path, text).stages[0])
    next(stream)
    tracemalloc.start()
    try:
        for _ in itertools.islice(stream, 300_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


AXES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), min_size=1
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(AXES)
def test_product_has_every_combination_once(tmp_path: Path, axes: dict[str, list[int]]) -> None:
    found = swept(tmp_path, f"{{product: {axes}}}".replace("'", ""))
    assert sorted(tuple(point[name] for name in axes) for point in found) == sorted(itertools.product(*axes.values()))
