"""The page of a report: one file, well formed, that loads nothing and labels everything."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shoal.report.document import document
from shoal.report.page import page
from shoal.report.record import JobState, Record
from shoal.report.task_table import csv_lines
from shoal.runs.why.failure_summary import FailureSummary
from tests.report.records import record, task

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
VOID = {"meta", "line", "path", "rect", "br"}
HOSTILE = "</pre><script>alert(1)</script><img src=http://example.com/x>"


class Page(HTMLParser):
    """Elements of a page, with a check that each is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def failed_run() -> Record:
    kind = FailureSummary(
        tasks=3,
        cause="exit-code",
        reason=f"it ended with exit code 1 {HOSTILE}",
        task_id="work-2",
        exit_code=1,
        code="FailureExitCode",
        message=HOSTILE,
        stderr=f"\x1b[31mred\x1b[0m \x00{HOSTILE}",
    )
    return record(
        [task(1, 0, 10), task(2, 1, 9, result="failure", exit_code=1, retries=2), task(3, 2, 9, id=HOSTILE)],
        jobs=[JobState(id="nightly", state="completed", failures=[kind])],
        run_name=HOSTILE,
        parameters={"name": HOSTILE, "paths": 5},
        withheld=["token"],
        origin={"job file": HOSTILE, "versions": {"python": "3.11"}},
        environment={"project": HOSTILE},
    )


def many_tasks(number: int) -> Record:
    return record([task(each, each % 977, each % 977 + 20, node=f"n{each % 60}_p") for each in range(number)])


EACH = pytest.mark.parametrize("run", [failed_run(), record([]), many_tasks(1000)], ids=["failed", "empty", "many"])


@EACH
def test_page_is_well_formed_with_a_heading_for_each_part(run: Record) -> None:
    shown = Page(page(run))
    assert shown.open == []
    assert len(shown.all("h1")) == 1
    ids = [attributes["id"] for attributes in shown.all("h2")]
    assert ids == ["summary", "stages", "timeline", "times", "retries", "failures", "parameters", "environment"]
    assert shown.all("html") == [{"lang": "en"}]


@EACH
def test_page_loads_nothing_and_runs_nothing(run: Record) -> None:
    shown = Page(page(run))
    for tag, attributes in shown.elements:
        assert tag not in {"script", "link", "iframe", "img", "object", "base"}
        assert not attributes.keys() & {"src", "href", "xlink:href", "srcset", "action"}
        assert not any(name.startswith("on") for name in attributes)
    (policy,) = [each for each in shown.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    style = page(run).partition("<style>")[2].partition("</style>")[0]
    assert "http" not in style
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {"#failed"}


@EACH
def test_each_picture_has_a_title_and_a_description_and_each_table_a_caption_and_headers(run: Record) -> None:
    shown = Page(page(run))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for picture in shown.all("svg"):
        labels = (picture.get("aria-labelledby") or "").split()
        assert picture.get("aria-hidden") == "true" or (picture["role"] == "img" and len(labels) == 2)
        assert set(labels) <= set(ids)
    assert len(shown.all("table")) == len(shown.all("caption"))
    assert all("scope" in header for header in shown.all("th"))


def test_text_of_tasks_is_never_markup() -> None:
    text = page(failed_run())
    assert "<script" not in text
    assert "<img" not in text
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "red \ufffd" in text
    assert f"it ended with exit code 1 {HOSTILE}" in "".join(Page(text).texts)


def test_page_has_the_parameters_and_the_names_of_those_that_are_secret() -> None:
    shown = " ".join(" ".join(Page(page(failed_run())).texts).split())
    assert "paths 5 token (a secret, which is not kept) Origin" in shown
    assert "versions.python 3.11" in shown


def test_failed_task_differs_by_a_pattern_and_its_title_not_by_colour_alone() -> None:
    text = page(failed_run())
    assert text.count('<rect class="failed"') == 1
    assert "work-2 on node 1: failure, 8 s" in text
    assert "fill: url(#failed)" in text


def test_page_of_ten_thousand_tasks_is_small_and_says_what_was_counted_together() -> None:
    text = page(many_tasks(10_000))
    assert len(text) < 150_000
    assert "10,000 tasks are too many to be drawn one by one: time is cut into steps of 8.3 s" in " ".join(text.split())
    assert "21 other nodes" in text


def test_page_suits_dark_screens_and_paper() -> None:
    text = page(failed_run())
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_csv_has_one_row_for_each_task() -> None:
    lines = list(csv_lines(record([task(1, 0.5, 10, exit_code=0), task(2, 0, None, slots=2)])))
    assert lines[0].startswith("id,job,stage,state,result,exit_code,")
    assert lines[1] == (
        f"work-1,nightly,work,completed,success,0,,0,0,1,tvmps_{'a' * 64}_p,"
        "2026-11-02T09:30:00Z,2026-11-02T09:30:00.500000Z,2026-11-02T09:30:10Z,0.500,9.500\n"
    )
    assert lines[2].endswith(",2026-11-02T09:30:00Z,2026-11-02T09:30:00Z,,0.000,\n")
    assert len(lines) == 3


def test_json_has_the_tasks_and_the_figures_in_seconds() -> None:
    content = json.loads(document(failed_run()))
    assert (content["job_id"], content["makespan"], content["figures"]["failed"]) == ("nightly", 10.0, 1)
    assert content["stages"][0]["duration"] == {"median": 8.0, "high": 10.0, "longest": 10.0}
    assert content["tasks"][1]["exit_code"] == 1
    assert content["jobs"][0]["failures"][0]["code"] == "FailureExitCode"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_shows_the_page(tmp_path: Path, scheme: str) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"there is no browser: {', '.join(BROWSERS)}")
    (tmp_path / "report.html").write_text(page(failed_run()))
    dark = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    picture = tmp_path / "report.png"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", *dark]
    address = (tmp_path / "report.html").as_uri()
    command = [browser, *flags, "--dump-dom", f"--screenshot={picture}", address]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "<h1>Report of job" in shown.stdout
    assert picture.stat().st_size > 5000
