"""The pages in a real browser: a headless Chromium. Without one these tests are skipped, and say so."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from shoal.connect import connected
from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import wait_for_job
from tests.ui.browser import arrived, press, show, until, violations
from tests.ui.relay import relayed
from tests.ui.swept_job import submit_sweep
from tests.ui.test_job_page import MARKUP, add_job
from tests.ui.test_stack_page import not_deployed
from tests.ui.visitor import Visitor, visited

JOB = "ui-browser"
SWEEP = "ui-browser-sweep"
PAGES = ("/", "/pools/spot", f"/jobs/{JOB}", f"/jobs/{JOB}/tasks/fails", f"/jobs/{SWEEP}/sweep")


@pytest.fixture(scope="module")
def job(environment: Environment, service: Status) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOAL_STATE", service.state_dir)
        with connected(environment) as services:
            add_job(services, JOB, {"works": "echo done", "fails": f"echo '{MARKUP}'; exit 3"})
            submit_sweep(services, SWEEP)
    return JOB


@pytest.fixture
def opened(browser: webdriver.Chrome, environment: Environment, job: str) -> Iterator[Visitor]:
    """A server of its own, whose first address the browser has opened."""
    with visited(lambda: environment) as visitor, arrived(browser, visitor):
        yield visitor


def test_every_page_is_live_fits_a_telephone_and_has_no_violation_of_accessibility(
    browser: webdriver.Chrome, opened: Visitor
) -> None:
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for page in PAGES:
            show(browser, opened, page)
            assert violations(browser) == [], (page, scheme)
    for page in PAGES:
        browser.set_window_size(500, 900)
        show(browser, opened, page)
        width = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], page
    browser.set_window_size(1280, 900)
    assert [line["message"] for line in browser.get_log("browser")] == []  # type: ignore[no-untyped-call]


def test_markup_in_a_log_stays_text(browser: webdriver.Chrome, opened: Visitor) -> None:
    show(browser, opened, f"/jobs/{JOB}/tasks/fails")
    until(browser, "return document.querySelector('pre.log')?.textContent.includes(arguments[0])", MARKUP)
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script") == []


def test_forecast_is_a_line_beside_the_tasks_that_are_done(browser: webdriver.Chrome, opened: Visitor) -> None:
    show(browser, opened, f"/jobs/{SWEEP}")
    forecast = "[data-key='Forecast against reality']"
    until(browser, f'return document.querySelectorAll("{forecast} svg.chart .line").length === 2')
    rows = browser.find_elements(By.CSS_SELECTOR, f"{forecast} tbody tr")
    assert [row.text.split()[0] for row in rows] == ["From", "Its", "Node", "Cost"]


def test_filter_is_part_of_the_address_and_comes_back_after_a_reload(
    browser: webdriver.Chrome, opened: Visitor
) -> None:
    show(browser, opened, f"/jobs/{JOB}")
    until(browser, "return document.querySelector('[data-key=works]') !== null")
    browser.find_element(By.LINK_TEXT, "Failed").click()
    for _ in range(2):
        until(browser, "return document.querySelector('[data-key=fails]') !== null")
        assert "state=failed" in browser.current_url
        assert browser.find_elements(By.CSS_SELECTOR, "[data-key=works]") == []
        browser.refresh()


def test_results_of_a_sweep_are_drawn_over_two_axes_and_one_and_the_choice_is_part_of_the_address(
    browser: webdriver.Chrome, opened: Visitor
) -> None:
    show(browser, opened, f"/jobs/{SWEEP}/sweep")
    until(browser, "return document.querySelectorAll('svg.chart rect.cell:not(.none)').length === 5")
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg.chart rect.cell.none")) == 1
    Select(browser.find_element(By.NAME, "y")).select_by_visible_text("nothing: one axis")
    for _ in range(2):
        until(browser, "return document.querySelectorAll('svg.chart rect.dot').length === 10")
        assert browser.current_url.endswith("/sweep?y=")
        browser.refresh()


def test_formula_that_is_tried_is_drawn_beside_what_happened(browser: webdriver.Chrome, opened: Visitor) -> None:
    show(browser, opened, "/pools/spot")
    press(browser, "#trial button")
    until(browser, "return document.querySelectorAll('#trial svg.chart .line').length === 4")
    assert "maxSpotNodes" in str(browser.execute_script("return document.querySelector('#trial pre').textContent"))
    assert violations(browser) == []


def test_cancel_by_keyboard_asks_before_it_acts(
    browser: webdriver.Chrome, opened: Visitor, environment: Environment, name: str
) -> None:
    with connected(environment) as services:
        add_job(services, name, {"long": "sleep 60"})
        show(browser, opened, f"/jobs/{name}")
        press(browser, "main button.danger")
        until(browser, "return document.querySelector('dialog[open]') !== null")
        assert services.batch.get_job(name).state == "active"
        press(browser, "dialog button.danger")
        until(browser, "return document.querySelector('dialog')?.textContent.includes('is cancelled')")
        wait_for_job(services, name)


def test_stack_that_is_not_deployed_says_what_to_do(browser: webdriver.Chrome) -> None:
    with visited(not_deployed) as visitor:
        browser.get(visitor.addresses.get())
        until(browser, "return document.querySelector('#banner').textContent.includes('shoal up')")
        assert "nothing to show yet" in browser.find_element(By.TAG_NAME, "h1").text
        assert violations(browser) == []
        browser.get("about:blank")


def test_service_that_goes_away_is_told_and_the_page_goes_on_when_it_is_back(
    browser: webdriver.Chrome, environment: Environment, job: str
) -> None:
    word = "return document.querySelector('.connection').textContent === arguments[0]"
    with (
        relayed(environment.batch_endpoint) as relay,
        visited(lambda: replace(environment, batch_endpoint=relay.address)) as visitor,
        arrived(browser, visitor),
    ):
        relay.cut()
        until(browser, word, "away")
        assert "does not answer" in browser.find_element(By.ID, "banner").text
        assert "The page shows the last that was read" in browser.find_element(By.ID, "banner").text
        assert job in browser.find_element(By.TAG_NAME, "main").text
        relay.put_back()
        until(browser, word, "live")
        assert browser.find_element(By.ID, "banner").text == ""


def test_job_that_is_deleted_under_the_page_says_so(
    browser: webdriver.Chrome, opened: Visitor, environment: Environment, name: str
) -> None:
    with connected(environment) as services:
        add_job(services, name, {})
        show(browser, opened, f"/jobs/{name}")
        services.batch.begin_delete_job(name).wait()
    until(browser, "return document.querySelector('#banner').textContent.includes(arguments[0])", "there is no job")
    assert name in browser.find_element(By.ID, "banner").text


def test_page_under_a_forged_host_is_refused(browser: webdriver.Chrome, opened: Visitor) -> None:
    browser.get(f"http://forged.example:{opened.port}/")
    assert "answers only under the address" in browser.find_element(By.TAG_NAME, "body").text
    assert browser.find_elements(By.TAG_NAME, "main") == []


def test_task_id_full_of_markup_stays_text(browser: webdriver.Chrome, opened: Visitor) -> None:
    task = MARKUP.partition("<script>")[0]
    browser.get(f"{opened.origin}/jobs/{JOB}/tasks/{quote(task, safe='')}")
    until(browser, "return document.querySelector('#banner').textContent !== ''")
    until(browser, "return document.querySelector('#path').textContent.includes(arguments[0])", task)
    assert browser.find_elements(By.CSS_SELECTOR, "body img, body script") == []


def test_five_thousand_nodes_are_drawn_within_a_frame_or_two(browser: webdriver.Chrome, opened: Visitor) -> None:
    show(browser, opened, "/pools/spot")
    milliseconds = browser.execute_async_script(
        """
        const done = arguments[0];
        import("/static/heatmap.js").then(({ Heatmap }) => {
          const map = new Heatmap(document.querySelector(".heatmap"), () => {});
          const states = ["idle", "running", "unusable", "starting"];
          const nodes = Array.from({ length: 5000 }, (_, n) => [`n${n}`, states[n % 4], true, n % 4, 1, 0, ""]);
          const times = Array.from({ length: 20 }, () => {
            const began = performance.now();
            map.show(nodes, 4);
            map.canvas.getContext("2d").getImageData(0, 0, 1, 1);
            return performance.now() - began;
          });
          done(times.sort((a, b) => a - b)[10]);
        });
        """
    )
    assert milliseconds < 50
