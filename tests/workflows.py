"""The shell steps of the files for GitHub Actions and Azure Pipelines, and how their systems run them."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.services import TEMPLATE

GITHUB = sorted((TEMPLATE / ".github" / "workflows").glob("*.yml"))
SETUP = TEMPLATE / ".github" / "actions" / "setup" / "action.yml"
AZURE = TEMPLATE / "azure-pipelines.yml"
EXPRESSION = re.compile(r"\${{\s*(.*?)\s*}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellStep:
    name: str
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Values still hold the expressions or macros of the system."""


def read(path: Path) -> Any:
    """`on` is a key, not a truth value."""
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def github_job(workflow: str, job: str) -> list[ShellStep]:
    """Return the shell steps of a job, those of the action that it begins with included."""
    document = read(TEMPLATE / ".github" / "workflows" / f"{workflow}.yml")
    steps: list[ShellStep] = []
    for step in document["jobs"][job]["steps"]:
        if step.get("uses") == "./.github/actions/setup":
            inputs = {f"inputs.{name}": value for name, value in step["with"].items()}
            steps += [_github_step(one, {}, inputs) for one in read(SETUP)["runs"]["steps"] if "run" in one]
        elif "run" in step:
            steps.append(_github_step(step, document["env"], {}))
    return steps


def _github_step(step: Any, environment: Mapping[str, str], inputs: Mapping[str, str]) -> ShellStep:
    given = {name: EXPRESSION.sub(lambda m: inputs.get(m[1], m[0]), text) for name, text in step.get("env", {}).items()}
    return ShellStep(name=step["name"], script=step["run"], environment={**environment, **given})


def azure_jobs() -> dict[str, list[ShellStep]]:
    found = {}
    for job in read(AZURE)["jobs"]:
        steps = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
        found[job.get("job") or job["deployment"]] = list(_azure_steps(steps))
    return found


def _azure_steps(steps: Any) -> Iterator[ShellStep]:
    for step in steps:
        script = step.get("bash") or step.get("script") or step.get("inputs", {}).get("inlineScript")
        if script:
            yield ShellStep(name=step["displayName"], script=script, environment=step.get("env", {}))


def resolved(text: str, values: Mapping[str, str]) -> str:
    """Expressions and macros by their values; one that is not known is a KeyError."""
    return re.sub(r"\$\((\w+\.\w+)\)", lambda m: values[m[1]], EXPRESSION.sub(lambda m: values[m[1]], text))


@dataclass(slots=True, kw_only=True)
class Runner:
    """A machine of either system, in a checkout of a project."""

    directory: Path
    environment: dict[str, str]
    values: Mapping[str, str]
    """Values of expressions and macros."""

    def run(self, step: ShellStep) -> subprocess.CompletedProcess[str]:
        """Run a step as GitHub runs `shell: bash`, and keep what it adds to GITHUB_ENV for the next."""
        given = {name: resolved(value, self.values) for name, value in step.environment.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script],
            cwd=self.directory,
            env={**self.environment, **given},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        added = Path(self.environment.get("GITHUB_ENV", os.devnull)).read_text()
        self.environment |= dict(line.split("=", 1) for line in added.splitlines())
        return done

    def must(self, steps: list[ShellStep]) -> str:
        """Run steps that must all succeed, and return their output."""
        printed = ""
        for step in steps:
            done = self.run(step)
            assert done.returncode == 0, f"{step.name}\n{done.stdout}{done.stderr}"
            printed += done.stdout + done.stderr
        return printed
