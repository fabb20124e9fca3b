"""A plan fits on one screen of 80 columns, whatever it uploads and however long its commands are."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from plan_screens import WIDTHS, picture

from shoal.cli.plan_screen import forecast_lines, task_lines
from shoal.environment import to_json
from shoal.forecast.forecast import Cost, Forecast
from shoal.jobs.preflight.job_forecast import JobForecast
from shoal.jobs.preflight.shown_tasks import ShownTask, first_and_last
from shoal.quantities import size
from tests.jobs.builders import ENVIRONMENT, bound, one_stage

REPOSITORY = Path(__file__).parents[2]
FILES = """\
job: {pool: spot, id: convert}
stages:
  - name: convert
    for_each: {product: {file: {files: "data/*.txt"}}}
    command: |
      wc -c "{{ file }}" | awk '{print $1}' > size.txt
      echo 'done with' {{ file }}
    inputs: [{from: "{{ file }}"}]
    packages: var
  - {name: merge, after: convert, inputs: [{stage: convert}], command: [sort, -n, "{{ job }} sizes"]}
"""


def plan(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "job.yaml").write_text(text)
    (folder / "environment.json").write_text(json.dumps(to_json(ENVIRONMENT)))
    return subprocess.run(
        [sys.executable, "-m", "shoal", "plan", "job.yaml", "--environment", "environment.json", *words],
        cwd=folder,
        env={**os.environ, "SHOAL_STATE": str(folder / "no-service"), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for number in range(200):
        (tmp_path / "data" / f"{number:03}.txt").write_text("x" * 1000 + str(number))
    return tmp_path


def test_two_hundred_files_are_planned_on_one_screen(files: Path) -> None:
    done = plan(files, FILES)
    assert done.returncode == 0
    assert done.stderr.startswith(
        "warning: checked without the service: the Batch service of stack 'local' is not running"
    )
    lines = done.stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "uploads: 200 files, 200 kB" in lines
    first = next(index for index, line in enumerate(lines) if line.startswith("convert, first: convert-data_000"))
    assert lines[first + 1 : first + 3] == [
        "  wc -c \"data/000.txt\" | awk '{print $1}' > size.txt",
        "  echo 'done with' data/000.txt",
    ]
    assert lines[first + 3].startswith("convert, last: convert-data_199")
    assert lines[first + 4 : first + 8] == [
        "  wc -c \"data/199.txt\" | awk '{print $1}' > size.txt",
        "  echo 'done with' data/199.txt",
        "merge:",
        "  sort -n 'convert sizes'",
    ]
    assert lines[first + 9].startswith("forecast: none; the durations of tasks are not known; give durations: --expect")


def test_plan_as_json_keeps_every_file_and_the_last_task(files: Path) -> None:
    result = json.loads(plan(files, FILES, "--json").stdout)
    assert len(result["files"]) == 200
    assert result["upload_bytes"] == 200_000 + 10 + 2 * 90 + 3 * 100
    assert "data/199.txt" in result["stages"][0]["last"]["commandLine"]
    assert len(result["stages"][0]["first"]) == 3


def test_shown_command_is_the_one_in_the_file_with_values_quoted_for_their_places(tmp_path: Path) -> None:
    text = one_stage(
        "for_each: {product: {n: [1, \"it's\"]}}\nshell: bash\ncommand: echo {{ n }} '{{ n }}'\npackages: var"
    )
    (stage,) = bound(tmp_path, text).stages
    assert [task.command for task in first_and_last(stage)] == ["echo 1 '1'", "echo 'it'\"'\"'s' 'it'\\''s'"]


def test_stage_that_follows_another_task_by_task_shows_its_first_and_last_task(tmp_path: Path) -> None:
    text = (
        "job: {pool: spot, id: n}\nstages:\n  - {name: a, for_each: {product: {n: [1, 2]}}, command: 'true'}\n"
        "  - {name: each, after: {stage: a, each: true}, command: 'echo {{ n }}'}\n"
    )
    stage = bound(tmp_path, text).stages[1]
    headings = [line for line in task_lines("each", first_and_last(stage), 80) if line.startswith("each")]
    assert [line.partition("-")[0] for line in headings] == ["each, first: each", "each, last: each"]


def test_long_lines_go_on_in_the_next_and_long_words_and_scripts_are_shortened() -> None:
    def shown(command: str) -> list[str]:
        return list(task_lines("s", [ShownTask(id="s", command=command)], 40))

    assert shown(" ".join(["word"] * 12)) == ["s:", f"  {' '.join(['word'] * 7)}", f"      {' '.join(['word'] * 5)}"]
    assert shown("x" * 100) == ["s:", f"  {'x' * 37}…"]
    assert shown("a\n\nb  c") == ["s:", "  a", "", "  b  c"]
    assert shown("\n".join("abcde")) == ["s:", "  a", "  b", "  c", "  … 2 lines more"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (250_000, "250 kB"), (1.2e9, "1.2 GB"), (5e15, "5000 TB")],
)
def test_sizes_have_units(number: float, text: str) -> None:
    assert size(number) == text


FORECAST = Forecast(
    makespan_seconds=3725,
    tasks=501,
    unfinished=0,
    node_hours=4.25,
    spot_node_hours=4.25,
    peak_nodes=5,
    median_wait_seconds=200,
    evictions_per_node_hour=0.05,
    evictions=0.2125,
    tasks_run_again=1,
    cost=Cost(spot=0.13, dedicated=0.51, mixed=0.13, currency="USD", source="ours", as_of="2026-11-22"),
    course=[],
)


def test_forecast_has_a_line_for_each_figure_within_80_columns() -> None:
    job_forecast = JobForecast(forecast=FORECAST, durations={"work": 30.0, "merge": 90.0}, source="as in job j")
    assert list(forecast_lines(job_forecast, 80)) == [
        "forecast, durations as in job j: work 30.0 s, merge 1 min 30 s",
        "  makespan    1 h 02 min",
        "  node-hours  4.25, of them 4.25 Spot; at most 5 nodes",
        "  cost        0.13 USD on Spot nodes, 0.51 on dedicated ones (ours; 2026-11-22)",
        "  evictions   0.21 expected at 5% an hour for each Spot node; 1 task ran again",
        "              in the simulation",
    ]
    none = JobForecast(forecast=None, durations={}, source="the reason")
    assert list(forecast_lines(none, 80)) == ["forecast: none; the reason"]


def test_forecast_without_a_price_says_how_to_give_one() -> None:
    job_forecast = JobForecast(forecast=replace(FORECAST, cost=None, unfinished=2), durations={}, source="x")
    lines = list(forecast_lines(job_forecast, 80))
    assert "  cost        not known: the VM size has no price; give one with --prices FILE" in lines
    assert "  makespan    1 h 02 min, with 2 tasks unfinished" in lines


@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_of_the_page_are_those_of_the_present_screen(width: int) -> None:
    kept = (REPOSITORY / "docs" / "images" / f"plan-{width}.svg").read_text(encoding="utf-8")
    assert kept == picture(width), "run tools/plan_screens.py docs/images"
