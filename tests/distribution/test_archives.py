"""The content of the wheel and of the sdist, as archives."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from shoal.projects.template_files import template_files, template_names

pytestmark = pytest.mark.xdist_group("distribution")


def test_wheel_has_one_package_with_its_components_its_types_and_the_whole_template(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        plugin = archive.read("shoal/components/PulumiPlugin.yaml").decode()
        entry_points = archive.read("shoal-0.1.0.dist-info/entry_points.txt").decode()
    assert {name.split("/")[0] for name in names} == {"shoal", "shoal-0.1.0.dist-info"}
    assert {"shoal/py.typed", "shoal/components/__main__.py", "shoal/components/pool/spot_pool.py"} <= names
    for template in template_names():
        files = {path for path, _ in template_files(template)}
        places = ("shoal/projects/template", f"shoal/projects/task_templates/{template}")
        assert files <= {name.removeprefix(f"{place}/") for name in names for place in places}
    assert {"shoal/local/store/schema.sql", "shoal-0.1.0.dist-info/licenses/LICENSE"} <= names
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []
    assert "virtualenv: ../../../../..\n" in plugin
    assert "shoal = shoal.cli:main" in entry_points
    assert "shoal = shoal.testing.fixtures" in entry_points


def test_sdist_has_what_the_wheel_is_built_from(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "hatch_build.py", "Pulumi.yaml", "__main__.py", "package-lock.json"} <= names
    assert {"components/PulumiPlugin.yaml", "shoal/__init__.py", "policy/PulumiPolicy.yaml"} <= names
    assert [name for name in names if "__pycache__" in name] == []
