"""Every code block of the pages is validated; what its page's own test runs or compares is not tried again here."""

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from rules import RULES
from rules.rule import Level

from components.plugin import ComponentPackage
from components.settings.stack_settings import parse_settings
from shoal.autoscale.review import ERRORS, review
from shoal.cli import shoal
from shoal.environment import to_json
from shoal.jobs.preflight.price_file import read_prices
from shoal.service_status import Status
from tests.clone import ROOT
from tests.code_blocks import PAGES, Block, blocks, commands
from tests.command_lines import calls, refusal
from tests.components.values import given
from tests.jobs.builders import ENVIRONMENT
from tests.raw import Raw

BLOCKS = [block for page in PAGES for block in blocks(page)]
PROGRAMS = {"az", "curl", "git", "make", "pip", "pre-commit", "pulumi", "python", "shoal"}
PAGES_WHOSE_OUTPUT_IS_TESTED = {
    "accounts.md": "tests/test_shown_messages.py",
    "autoscale.md": "tests/autoscale/test_docs.py",
    "azure.md": "tests/test_azure_page.py",
    "deploy.md": "tests/test_shown_messages.py",
    "environments.md": "tests/projects/test_environments_document.py",
    "errors.md": "tests/test_shown_messages.py",
    "gitops.md": "tests/pull_requests/test_gitops_documentation.py",
    "jobs.md": "tests/test_shown_messages.py",
    "policies.md": "tests/test_shown_messages.py",
    "questions.md": "tests/test_questions.py",
    "retry.md": "tests/runs/test_retry.py",
    "running.md": "tests/runs/test_runs_of_a_job.py",
    "why.md": "tests/runs/why/test_page.py",
}

SERVICE_OF_THIS_RUN = """
import pathlib, pytest
from shoal.service_status import read_status

@pytest.fixture(scope="session")
def shoal_service():
    return read_status(pathlib.Path({state!r}))
"""


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block_is_valid(block: Block, tmp_path: Path) -> None:
    assert block.language in VALIDATORS, "name the language behind the fence, and validate it here"
    VALIDATORS[block.language](block, tmp_path)


def programs(word: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == "python" and word in block.words]


@pytest.mark.parametrize("block", programs("run"), ids=str)
def test_program_runs_as_it_stands(block: Block, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", block.text], cwd=tmp_path, check=True, timeout=120)


@pytest.mark.parametrize("block", programs("pytest"), ids=str)
def test_tests_of_a_page_pass_on_the_service_of_this_run(block: Block, service: Status, tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text(block.text)
    (tmp_path / "conftest.py").write_text(SERVICE_OF_THIS_RUN.format(state=service.state_dir))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for made in ("/jobs/job", "/pools/pool"):
        Raw(service)("DELETE", made)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("shoal pln job.yaml", "no such command: pln"),
        ("shoal plan job.yaml --stak dev", "No such option '--stak'"),
        ("shoal tasks JOB --limit", "Option '--limit' requires an argument"),
        ("shoal tasks JOB --state done", "'done' is not one of"),
        ("shoal jobs JOB", "too many arguments: JOB"),
        ('for s in a b; do shoal up --yess -s "$s"; done', "No such option '--yess'"),
        ('eval "$(shoal local environment)"', "no such command: environment"),
        ("shoal schema > job.schema.json && shoal local start", None),
    ],
)
def test_call_that_shoal_does_not_know_is_found_wherever_it_stands(call: str, reason: str | None) -> None:
    (*_, refused) = [None, *filter(None, (refusal(words[1:]) for words in calls(call)))]
    assert (refused is None) if reason is None else (refused is not None and reason in refused)


def inline_calls() -> list[tuple[str, list[str]]]:
    """The words of each call of `shoal` within sentences and tables, by page."""
    return [
        (page.name, words)
        for page in PAGES
        for command in re.findall(r"(?<!`)`(shoal [a-z][^`…]*)`(?!`)", page.read_text(encoding="utf-8"))
        for words in calls(command)
    ]


def test_calls_of_shoal_within_sentences_are_known() -> None:
    reasons = {f"{page}: {' '.join(words)}": refusal(words[1:]) for page, words in inline_calls()}
    assert {call: reason for call, reason in reasons.items() if reason} == {}


def script(block: Block, _directory: Path) -> None:
    """The shell can read it, and knows or finds what it calls."""
    lines = commands(block)
    subprocess.run(["bash", "-n", "-c", "\n".join(lines)], check=True)
    for command in lines:
        for words in calls(command):
            program = Path(words[0]).name
            assert program in PROGRAMS, f"{program} of: {command}"
            if check := CALLS.get(program):
                check(words[1:])


def console(block: Block, directory: Path) -> None:
    script(block, directory)
    if any(line and not line.startswith("$ ") for line in block.text.splitlines()):
        output(block, directory)


def output(block: Block, _directory: Path) -> None:
    test = ROOT / PAGES_WHOSE_OUTPUT_IS_TESTED[block.page.name]
    assert block.page.name in test.read_text()


def call_of_shoal(words: list[str]) -> None:
    assert refusal(words) is None


def call_of_make(words: list[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert set(words) <= set(targets)


def call_of_python(words: list[str]) -> None:
    assert words[0].startswith("-") or (ROOT / words[0]).is_file()


CALLS: dict[str, Callable[[list[str]], None]] = {
    "shoal": call_of_shoal,
    "make": call_of_make,
    "python": call_of_python,
}
"""Calls of `pulumi` are held against its own command line in tests/pulumi/test_commands_of_pages.py."""


def yaml_of_some_kind(block: Block, directory: Path) -> None:
    if block.words:
        output(block, directory)
        return
    for document in yaml.safe_load_all(block.text):
        kind = next((check for key, check in KINDS.items() if key in document), None)
        if kind is None and any(":" in key for key in document):
            kind = stack_file
        assert kind is not None, "no kind of YAML that Shoal reads"
        kind(document, block, directory)


def job_file(_document: dict[str, Any], block: Block, directory: Path) -> None:
    (directory / "job.yaml").write_text(block.text)
    (directory / "prices.csv").write_text("date,price\n")
    (directory / "environment.json").write_text(json.dumps(to_json(ENVIRONMENT)))
    arguments = ["plan", str(directory / "job.yaml"), "--environment", str(directory / "environment.json")]
    answer = CliRunner().invoke(shoal, arguments)
    assert answer.exit_code == 0, answer.exception


def sweep(document: dict[str, Any], block: Block, directory: Path) -> None:
    """The sweep of a stage, planned in a job file around it."""
    stage = {"name": "work", "command": "true", **document}
    text = yaml.safe_dump({"job": {"pool": "spot"}, "stages": [stage]})
    job_file({}, replace(block, text=text), directory)


def including_file(document: dict[str, Any], block: Block, directory: Path) -> None:
    """A job file that includes another one, which has the pool `small` too."""
    stage = {"name": "simulate", "command": "echo {{ paths }}"}
    included = {"parameters": {"paths": {"default": "1"}}, "job": {"pool": "spot"}, "stages": [stage]}
    (directory / str(document["include"])).write_text(yaml.safe_dump(included))
    job_file({}, replace(block, text=block.text.replace("pool: small", "pool: spot")), directory)


def stack_file(document: dict[str, Any], block: Block, _directory: Path) -> None:
    """A stack's file, or some of its keys."""
    keys = document.get("config", document)
    project = {key.partition(":")[0] for key in keys}
    assert len(project) == 1
    values = {key.partition(":")[2]: value for key, value in keys.items()}
    where = (
        {"service": "embedded", "authentication": "shared_key"}
        if "PT3S" in block.text
        else {"service": "azure", "authentication": "entra"}
    )
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    parse_settings(given(**{"pools": "[]", **where, **texts}), project="shoal", file=str(block))


def kubernetes_object(document: dict[str, Any], _block: Block, _directory: Path) -> None:
    assert {"kind", "metadata"} <= set(document)
    assert document["metadata"]["name"]


def project_file(document: dict[str, Any], _block: Block, _directory: Path) -> None:
    assert all((ROOT / Path(path).name / "PulumiPlugin.yaml").is_file() for path in document["packages"].values())


def price_file(_document: dict[str, Any], block: Block, directory: Path) -> None:
    (directory / "prices.yaml").write_text(block.text)
    assert read_prices(directory / "prices.yaml").nodes


KINDS: dict[str, Callable[[dict[str, Any], Block, Path], None]] = {
    "include": including_file,
    "stages": job_file,
    "for_each": sweep,
    "config": stack_file,
    "apiVersion": kubernetes_object,
    "runtime": project_file,
    "nodes": price_file,
}
"""Checks by a key that documents of the kind have."""


def python(block: Block, _directory: Path) -> None:
    """It compiles, and what it imports is there; a block that is to `run` or to be run by `pytest` has a test below."""
    tree = ast.parse(block.text, filename=str(block))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
        elif isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)


@cache
def schema() -> dict[str, Any]:
    """Return the schema of the components, for all languages."""
    loaded: dict[str, Any] = json.loads(ComponentPackage().schema or "{}")
    return loaded


def typescript(block: Block, _directory: Path) -> None:
    """Each component that it makes is in the schema, with these arguments and outputs; no required one is missing."""
    resources = {token.rpartition(":")[2]: shape for token, shape in schema()["resources"].items()}
    variables: dict[str, str] = {}
    shared = {name: keys(body) for name, body in re.findall(r"const (\w+) = \{(.*?)\};", block.text, re.DOTALL)}
    made = re.findall(r"const (\w+) = new shoal\.(\w+)\(\"[\w-]+\", \{(.*?)\}\);", block.text, re.DOTALL)
    for variable, component, body in made:
        spread = {key for name in re.findall(r"\.\.\.(\w+)", body) for key in shared[name]}
        assert keys(body) <= set(resources[component]["inputProperties"])
        assert set(resources[component]["requiredInputs"]) <= keys(body) | spread
        variables[variable] = component
    assert variables
    for variable, output in re.findall(r"\b(\w+)\.(\w+)", block.text):
        if variable in variables:
            assert output in resources[variables[variable]]["properties"]


def keys(body: str) -> set[str]:
    """The keys of an object literal, without those of objects within it."""
    outer = re.sub(r"\{[^{}]*\}", "", body)
    return set(re.findall(r"(?:^|[,{\s])(\w+):", outer))


def json_of_policies(block: Block, _directory: Path) -> None:
    settings = {rule.name: {setting.name for setting in rule.settings} for rule in RULES}
    for rule, value in json.loads(block.text).items():
        level = value if isinstance(value, str) else value.pop("enforcementLevel")
        assert level in {*Level, "disabled"}
        assert isinstance(value, str) or set(value) <= settings[rule]


def autoscale(block: Block, _directory: Path) -> None:
    faults = {finding.rule for finding in review(block.text)} & set(ERRORS)
    assert bool(faults) == ("refused" in block.words)


VALIDATORS: dict[str, Callable[[Block, Path], None]] = {
    "autoscale": autoscale,
    "console": console,
    "json": json_of_policies,
    "markdown": output,
    "python": python,
    "sh": script,
    "text": output,
    "typescript": typescript,
    "yaml": yaml_of_some_kind,
}
"""Checks by the language that the fence names."""
