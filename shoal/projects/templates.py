"""The templates of projects: a job with its application and its tests, which `shoal init --template` chooses."""

from dataclasses import dataclass

import yaml

from shoal.errors import BadInput
from shoal.projects.template_files import DEFAULT, DESCRIPTION, template_files, template_names, templates_folder
from shoal.suggestion import suggestion

REQUIREMENTS = "app/requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    name: str
    """Its job is `task_templates/NAME.yaml`."""
    summary: str
    """A sentence."""
    version: str
    """The content of the application, as the stack in Azure pins it."""
    package: str = "app"
    """The name of the application package in the stacks."""
    listed: bool = True
    """True where the stack in Azure submits the job after each deployment."""
    requirements: tuple[str, ...] = ()
    """What its tasks import, beside Python itself: pinned packages from PyPI."""


def templates() -> list[Template]:
    return [find_template(name) for name in template_names()]


def find_template(name: str = DEFAULT) -> Template:
    """Raise BadInput where there is none of this name."""
    names = template_names()
    if name not in names:
        raise BadInput(f"there is no template '{name}'; {suggestion(name, names)}; `shoal init --list` describes them")
    description = yaml.safe_load((templates_folder() / name / DESCRIPTION).read_text(encoding="utf-8"))
    return Template(name=name, requirements=_requirements(name), **description)


def _requirements(name: str) -> tuple[str, ...]:
    source = dict(template_files(name)).get(REQUIREMENTS)
    lines = source.read_text(encoding="utf-8").splitlines() if source else []
    return tuple(line for line in lines if line and not line.startswith("#"))
