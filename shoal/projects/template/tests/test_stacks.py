"""The stacks without Azure: what their files say, and that all of it is pinned."""

from pathlib import Path

import pytest
from shoal.components.packages.package_content import content_version
from shoal.components.settings.stack_settings import Settings, parse_settings
from shoal.projects.project import read_stack
from shoal.stack_jobs.configuration import listed_jobs

ROOT = Path(__file__).parents[1]
STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))


def settings_of(name: str) -> Settings:
    stack = read_stack(name, ROOT)
    own = {key: value for key, value in stack.config.items() if key.startswith(f"{stack.project.name}:")}
    values = {key.split(":", 1)[1]: value for key, value in own.items()}
    return parse_settings(values, project=stack.project.name, file=stack.file)


@pytest.mark.parametrize("name", STACKS)
def test_stack_is_configured_rightly_and_its_formulas_leave_no_doubt(name: str) -> None:
    stack = read_stack(name, ROOT)
    assert settings_of(name).doubts(project=stack.project.name, file=stack.file) == []


@pytest.mark.parametrize("name", STACKS)
def test_packages_have_the_content_that_the_stack_pins(name: str) -> None:
    for package in settings_of(name).keys["packages"]:
        assert package.get("version") in (None, content_version(ROOT / package["directory"]))


@pytest.mark.parametrize("name", STACKS)
def test_jobs_that_the_stack_lists_are_there(name: str) -> None:
    assert [job.file for job in listed_jobs(read_stack(name, ROOT)) if not job.path.is_file()] == []


def test_everything_to_be_installed_has_its_version() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in requirements if "==" not in line and " @ " not in line] == []
