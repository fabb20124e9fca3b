"""Photograph the pages of `shoal ui` for the docs: ui_screenshots.py ADDRESS JOB POOL DIRECTORY

ADDRESS is what `shoal ui --no-open` printed; the job has a sweep, as that of task_templates/sweep.yaml does.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1100,900")
SETTLED = 5.0
"""Seconds after which a page has been filled, and its charts have more than one reading."""


def main() -> None:
    address, job, pool, directory = sys.argv[1:]
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # Without a driver of this machine selenium would look for one on the network.
        browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            browser.get(address)  # takes the cookie
            photograph(browser, address, job, pool, Path(directory))
        finally:
            browser.quit()


def photograph(browser: webdriver.Chrome, address: str, job: str, pool: str, directory: Path) -> None:
    paths = {"pool": f"/pools/{pool}", "job": f"/jobs/{job}", "sweep": f"/jobs/{job}/sweep"}
    for name, path in paths.items():
        browser.get(urlsplit(address)._replace(path=path, query="").geturl())
        time.sleep(SETTLED)
        browser.save_screenshot(str(directory / f"ui-{name}.png"))


if __name__ == "__main__":
    main()
