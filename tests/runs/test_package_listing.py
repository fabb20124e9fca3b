"""`shoal packages` shows the version, state, size and users of each package of a stack."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shoal.connect import connected
from shoal.environment import Environment, Package, to_json
from shoal.service_status import Status
from tests.environments import shoal
from tests.local.making import make_pool


def listed(service: Status, environment: Environment, folder: Path, *words: str) -> tuple[str, str]:
    (folder / "environment.json").write_text(json.dumps(to_json(environment)))
    done = shoal(service, folder, "packages", "--environment", "environment.json", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_package_is_listed_with_its_size_and_the_pools_that_use_it(
    service: Status, environment: Environment, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = environment.packages["tool"]
    reference = {"applicationId": tool.application, "version": tool.version}
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        make_pool(services.batch, name, nodes=0, applicationPackageReferences=[reference])
    (row,) = json.loads(listed(service, environment, tmp_path, "--json")[0])
    size = row.pop("size_bytes")
    assert row == {
        "package": "tool",
        "application": tool.application,
        "version": tool.version,
        "state": "active",
        "pools": [name],
    }
    assert 100 < size < 1000  # a zip of one short file


def test_version_that_the_account_does_not_have_is_gone(
    service: Status, environment: Environment, tmp_path: Path
) -> None:
    lost = replace(environment, packages={"tool": Package(application="tool", version="0")})
    out, _ = listed(service, lost, tmp_path)
    assert out.splitlines()[1].split() == ["tool", "tool", "0", "gone", "none"]
    assert listed(service, replace(environment, packages={}), tmp_path) == ("", "no packages\n")
