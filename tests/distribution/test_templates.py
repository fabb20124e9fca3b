"""The templates of `shoal init`: each makes a project whose own tests pass at once, with real tasks."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from shoal.projects.template_files import DEFAULT, template_names
from shoal.projects.templates import find_template
from shoal.service_status import Status
from tests.distribution.installation import Installation
from tests.test_code_blocks import SERVICE_OF_THIS_RUN

pytestmark = [pytest.mark.xdist_group("distribution"), pytest.mark.story]

QUICK = {"table", "tiles", "words"}
OTHERS = sorted(set(template_names()) - QUICK - {DEFAULT})
"""The default has a test of its own, which also deploys and removes it."""
MODULES = {"imageio-ffmpeg": "imageio_ffmpeg", "scikit-learn": "sklearn"}
"""Packages that are imported by another name."""


@pytest.mark.parametrize("template", sorted(QUICK))
def test_project_passes_its_own_tests(installed: Installation, service: Status, tmp_path: Path, template: str) -> None:
    own_tests_pass(installed, service, tmp_path, template)


@pytest.mark.soak
@pytest.mark.parametrize("template", OTHERS)
def test_larger_project_passes_its_own_tests(
    installed: Installation, service: Status, tmp_path: Path, template: str
) -> None:
    for requirement in find_template(template).requirements:
        package = requirement.partition("==")[0]
        if find_spec(MODULES.get(package, package)) is None:
            pytest.skip(f"{package} is not installed; `make soak` installs what the templates need")
    own_tests_pass(installed, service, tmp_path, template)


def own_tests_pass(installed: Installation, service: Status, directory: Path, template: str) -> None:
    """Run the tests of a new project on the service of this run, and take its stack down."""
    installed.must(directory, "shoal", "init", f"{template}-of-mine", "--template", template)
    project = directory / f"{template}-of-mine"
    (project / "conftest.py").write_text(SERVICE_OF_THIS_RUN.format(state=service.state_dir))
    try:
        report = installed.must(project, "pytest", "-p", "no:cacheprovider", "tests")
        assert " passed" in report
        assert "skipped" not in report
    finally:
        installed.must(project, "shoal", "down", "-s", "local", "-y", SHOAL_STATE=service.state_dir)
