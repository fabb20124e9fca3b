"""One server of pages for each worker, over the stack that the suite's service has."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from shoal.environment import Environment
from shoal.service_status import Status
from tests.ui.browser import headless
from tests.ui.visitor import Visitor, visited


@pytest.fixture(scope="session")
def visitor(environment: Environment) -> Iterator[Visitor]:
    """A visitor with the cookie."""
    with visited(lambda: environment) as arriving:
        yield arriving.open()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with headless(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(autouse=True)
def state_of_the_service(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server, which is in this process, find the keys of the suite's service."""
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
