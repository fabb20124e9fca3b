"""A headless Chromium, and what tests do with a page in it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.ui.visitor import Visitor

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WITHIN = 20
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900"),
    # A name of somebody else that leads here, as in an attack by DNS rebinding.
    "--host-resolver-rules=MAP forged.example 127.0.0.1",
)


@contextmanager
def headless(profile: Path) -> Iterator[webdriver.Chrome]:
    """Start the browser. Skips the test where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("there is no chromium with its chromedriver on the PATH: the tests in a browser are left out")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver, env=dict(os.environ))) as browser:
        yield browser


@contextmanager
def arrived(browser: webdriver.Chrome, visitor: Visitor) -> Iterator[Visitor]:
    """Open the first address of a server, and leave its page at the end: the server waits for those who follow it."""
    browser.get(visitor.addresses.get())
    until(browser, "return document.querySelector('.connection').textContent === 'live'")
    yield visitor
    browser.get("about:blank")


def show(browser: webdriver.Chrome, visitor: Visitor, page: str) -> None:
    """Open a page, and wait until it is drawn from the service."""
    browser.get(f"{visitor.origin}{page}")
    until(browser, "return document.querySelector('main h1') !== null")
    until(browser, "return document.querySelector('.connection').textContent === 'live'")


def press(browser: webdriver.Chrome, selector: str) -> None:
    browser.find_element(By.CSS_SELECTOR, selector).send_keys(Keys.ENTER)


def until(browser: webdriver.Chrome, script: str, *values: str) -> None:
    def holds(driver: webdriver.Chrome) -> bool:
        return bool(driver.execute_script(script, *values))

    WebDriverWait(browser, WITHIN, poll_frequency=0.1).until(holds, script)


def violations(browser: webdriver.Chrome) -> list[str]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make tests/ui/node_modules/.installed`")
    browser.execute_script(AXE.read_text())
    found: Any = browser.execute_async_script("axe.run().then((result) => arguments[0](result.violations))")
    return [f"{one['id']}: {json.dumps([node['target'] for node in one['nodes']])}" for one in found]
