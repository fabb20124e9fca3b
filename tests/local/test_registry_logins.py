"""Private registries of pools: which logins nodes use, and who sees the passwords."""

from pathlib import Path
from typing import Any

import pytest

from shoal import container_engine
from shoal.local.api import container_settings
from shoal.local.errors import BatchError
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import Registry
from shoal.local.node.registry_logins import RegistryLogins, image_server
from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.local.making import VM_SIZE
from tests.raw import Raw

PASSWORD = "not-for-readers"
REGISTRY = {"registryServer": "example.azurecr.io", "username": "me", "password": PASSWORD}
IDENTITY = {"resourceId": "/subscriptions/s/resourceGroups/g/providers/p/i"}


@pytest.mark.parametrize(
    ("image", "server"),
    [
        ("ubuntu", "docker.io"),
        ("library/ubuntu:24.04", "docker.io"),
        ("docker.io/library/ubuntu", "docker.io"),
        ("index.docker.io/library/ubuntu", "docker.io"),
        ("Example.azurecr.io/solver:3.1", "example.azurecr.io"),
        ("localhost/solver", "localhost"),
        ("registry:5000/solver", "registry:5000"),
    ],
)
def test_registry_of_an_image_is_the_host_before_its_name(image: str, server: str) -> None:
    assert image_server(image) == server


def test_login_of_a_registry_is_used_for_its_own_images_alone(tmp_path: Path) -> None:
    registry = Registry(server="https://example.azurecr.io/v2", username="me", password=PASSWORD)
    logins = RegistryLogins(folder=tmp_path / "logins", registries=[registry])
    assert logins.variables("example.azurecr.io/solver:3.1")["DOCKER_CONFIG"] == str(tmp_path / "logins")
    assert logins.variables("ubuntu") == {}


def engine(folder: Path, script: str) -> str:
    path = folder / "engine"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_password_reaches_the_engine_by_its_standard_input(tmp_path: Path) -> None:
    registry = Registry(server="example.azurecr.io", username="me", password=PASSWORD)
    logins = RegistryLogins(folder=tmp_path / "logins", registries=[registry])
    logins.log_in(engine(tmp_path, 'echo "$*" > "$DOCKER_CONFIG/words"; cat > "$REGISTRY_AUTH_FILE"'))
    words = (tmp_path / "logins" / "words").read_text()
    assert words == "login --username me --password-stdin example.azurecr.io\n"
    assert (tmp_path / "logins" / "config.json").read_text() == PASSWORD
    assert (tmp_path / "logins").stat().st_mode & 0o777 == 0o700


def test_refused_login_is_a_fault_with_the_engines_reason(tmp_path: Path) -> None:
    registry = Registry(server="example.azurecr.io", username="me", password=PASSWORD)
    logins = RegistryLogins(folder=tmp_path / "logins", registries=[registry])
    with pytest.raises(TaskFault, match=r"login at the registry example.azurecr.io failed: unauthorized"):
        logins.log_in(engine(tmp_path, "echo unauthorized >&2; exit 1"))


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        ({"username": "me"}, "password"),
        ({"password": PASSWORD}, "username"),
        ({**REGISTRY, "identityReference": IDENTITY}, "identityReference"),
    ],
)
def test_registry_has_a_name_and_a_password_or_an_identity(registry: dict[str, Any], name: str) -> None:
    if container_engine.engine() is None:
        pytest.skip("podman or docker is needed to accept containers")
    with pytest.raises(BatchError) as refused:
        container_settings.check_pool({"containerConfiguration": {"containerRegistries": [registry]}})
    path = "virtualMachineConfiguration.containerConfiguration.containerRegistries[0]"
    assert refused.value.values["PropertyName"] == f"{path}.{name}"
    assert PASSWORD not in str(refused.value.values)


def test_password_of_a_registry_is_shown_to_nobody(raw: Raw, service: Status, name: str) -> None:
    if container_engine.engine() is None:
        pytest.skip("podman or docker is needed to accept containers")
    machine = {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "containerConfiguration": {"type": "dockerCompatible", "containerRegistries": [REGISTRY]},
    }
    pool = {"vmSize": VM_SIZE, "virtualMachineConfiguration": machine}
    assert raw("POST", "/pools", {**pool, "id": name}).status == 201
    specification = {"poolLifetimeOption": "jobschedule", "pool": pool}
    schedule = {"recurrenceInterval": "P1D", "doNotRunUntil": "2099-01-01T00:00:00Z"}
    body = {
        "id": name,
        "schedule": schedule,
        "jobSpecification": {"poolInfo": {"autoPoolSpecification": specification}},
    }
    assert raw("POST", "/jobschedules", body).status == 201
    job = {"id": f"{name}-j", "poolInfo": {"autoPoolSpecification": {**specification, "poolLifetimeOption": "job"}}}
    assert raw("POST", "/jobs", job).status == 201
    shown = [raw("GET", path).content for path in (f"/pools/{name}", f"/jobschedules/{name}", f"/jobs/{name}-j")]
    assert raw("DELETE", f"/jobschedules/{name}").status == 202
    assert all(b"example.azurecr.io" in each and PASSWORD.encode() not in each for each in shown)
    path = f"providers/Microsoft.Batch/batchAccounts/{service.account}/pools/{name}"
    arm = ArmHttp(service, "shoal")
    _, read = arm.call("GET", path, version="2024-07-01")
    configuration = read["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert configuration["containerConfiguration"]["containerRegistries"] == [
        {name: value for name, value in REGISTRY.items() if name != "password"}
    ]
    changed = {"properties": {"metadata": [{"name": "team", "value": "risk"}]}}
    assert arm.call("PATCH", path, changed, version="2024-07-01")[0] == 200
