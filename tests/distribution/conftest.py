"""One wheel, installed as pipx does it: in an environment of its own, away from projects, whose path has a space."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distribution.installation import Installation, build, install
from tests.processes import processes_naming
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("distributions")
    build(directory)
    return directory


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (wheel,) = distributions.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    environment = tmp_path_factory.mktemp("tools of mine") / "venv"
    yield install(wheel, environment)
    wait_until(lambda: not processes_naming(str(environment)))
