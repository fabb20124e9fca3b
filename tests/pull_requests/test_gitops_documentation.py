"""docs/gitops.md and docs/gitops-operators.md agree with the workflows and the code."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.accounts.roles import GRANTS
from shoal.service_status import Status
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack
from tests.services import REPOSITORY, TEMPLATE
from tests.workflows import GITHUB, azure_jobs, read

DOCS = REPOSITORY / "docs"
TEXT = (DOCS / "gitops.md").read_text()
OPERATORS = (DOCS / "gitops-operators.md").read_text()


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str) -> Iterator[Stack]:
    """The repository's own, with the job of the demo listed."""
    shutil.copytree(REPOSITORY / "examples" / "var", tmp_path / "examples" / "var")
    stack = copied_stack(Project(name="shoal", directory=tmp_path, status=service), name)
    stack.file.write_text(f"{stack.file.read_text()}  shoal:jobs: [{{file: examples/var/job.yaml}}]\n")
    yield stack
    stack.take_down()


def anonymous(text: str, name: str) -> str:
    """Ids hold the stack's name and what tells its content."""
    return re.sub(r"`var-[0-9a-f]{12}`", "`var-3f1c9a0d72be`", text.replace(name, "dev"))


def test_sample_is_what_the_command_prints(stack: Stack) -> None:
    assert stack.project.shoal("up", "-y", "--no-jobs", "-s", stack.name).returncode == 0
    stack.configure(standard_d2s_v3="standard_d4s_v3")
    options = ("--node-price", "0.04", "--currency", "EUR")
    printed = stack.project.shoal("comment", "-s", stack.name, *options).stdout
    shown = re.search(r"<!-- sample -->\n~~~markdown\n(.*?)~~~\n<!-- /sample -->", TEXT, re.DOTALL)
    assert anonymous(printed, stack.name) == (shown[1] if shown else None)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_yaml_of_the_pages_is_yaml() -> None:
    kinds = [document.get("kind") for block in blocks(OPERATORS, "yaml") for document in yaml.safe_load_all(block)]
    assert kinds == ["ServiceAccount", "ClusterRoleBinding", "Stack", "CronJob"]
    assert [list(yaml.safe_load(block)) for block in blocks(TEXT, "yaml")] == [["config"]]


def test_deployer_may_assign_exactly_the_roles_that_the_program_assigns() -> None:
    (command,) = (block for block in blocks(TEXT, "sh") if "role assignment create" in block)
    allowed = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", command)
    assigned = {grant.role.definition for grant in GRANTS}
    assert set(allowed) == assigned
    assert len(allowed) == 2 * len(assigned)


def test_every_job_and_script_is_in_the_table() -> None:
    rows = "\n".join(line for line in TEXT.splitlines() if line.startswith("| "))
    for path in GITHUB:
        assert f"`{path.name}`" in rows
        for job in read(path)["jobs"]:
            assert f"`{job}`" in rows or len(read(path)["jobs"]) == 1
    for job in azure_jobs():
        assert f"`{job}`" in rows or job in ("own_stack", "teardown")
    named = set(re.findall(r"`(ci/\w+\.sh)`", rows))
    scripts = {f"ci/{path.name}" for path in (TEMPLATE / "ci").glob("*.sh")}
    assert named == scripts - {"ci/install.sh", "ci/backend.sh"}


def test_every_variable_that_the_files_read_is_explained() -> None:
    used = {name for path in GITHUB for name in re.findall(r"vars\.(\w+)", path.read_text())}
    assert used
    assert {name for name in used if f"`{name}`" not in TEXT} == set()
