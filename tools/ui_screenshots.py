"""Photograph the pages of `shoal ui` during the demo, light, dark and narrow, for the docs: ui_screenshots.py DIRECTORY

The demo runs with more tasks than by default, so that it lasts as long as the photographs take.
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).parents[1]
DEMO = (sys.executable, str(ROOT / "examples" / "var" / "demo.py"), "-p", "seeds=12")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
WIDE, NARROW = (1100, 1300), (500, 1100)
SETTLED = 6.0
"""Seconds after which a page has been filled, and its charts have more than one reading."""
WITHIN = 60


def main() -> None:
    (directory,) = map(Path, sys.argv[1:])
    with running(DEMO) as demo:
        ui = shlex.split(line_with(demo, " ui -s local"))
        job = shlex.split(line_with(demo, "$ shoal watch"))[3]
        with running([*ui, "--no-open"]) as server, browser() as driver:
            address = next(word for word in line_with(server, "http://").split() if word.startswith("http://"))
            driver.get(address)  # takes the cookie
            photograph_all(driver, address, job, directory)


def photograph_all(driver: webdriver.Chrome, address: str, job: str, directory: Path) -> None:
    def page(path: str) -> str:
        return urlsplit(address)._replace(path=path, query="").geturl()

    driver.get(f"{page(f'/jobs/{job}')}?state=completed")
    WebDriverWait(driver, WITHIN).until(lambda _: driver.find_elements(By.CSS_SELECTOR, "[data-key=Tasks] tbody a"))
    task = driver.find_element(By.CSS_SELECTOR, "[data-key=Tasks] tbody a").text
    paths = {"pool": "/pools/spot", "job": f"/jobs/{job}", "stack": "/", "task": f"/jobs/{job}/tasks/{task}"}
    for name, path in {**paths, "sweep": f"/jobs/{job}/sweep"}.items():
        driver.set_window_size(*WIDE)
        driver.get(page(path))
        time.sleep(SETTLED)
        photograph(driver, directory / f"ui-{name}.png", "light")
        photograph(driver, directory / f"ui-{name}-dark.png", "dark")
        driver.set_window_size(*NARROW)
        photograph(driver, directory / f"ui-{name}-narrow.png", "light")


def photograph(driver: webdriver.Chrome, file: Path, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    time.sleep(1)  # until the next reading has drawn the canvas again
    driver.save_screenshot(str(file))


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # Without a driver of this machine selenium would look for one on the network.
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


@contextmanager
def running(command: Iterable[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a command, and end it with the block."""
    with subprocess.Popen(list(command), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()  # what it prints at its end


def line_with(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if text in line)


if __name__ == "__main__":
    main()
