from collections.abc import Iterator

import pytest

from shoal.connect import Services
from shoal.service_status import Status
from tests.environments import services_on


@pytest.fixture(scope="session")
def services(service: Status) -> Iterator[Services]:
    with services_on(service) as services:
        yield services
