import pytest

from shoal.environment import (
    Authentication,
    Containers,
    Environment,
    OperatingSystem,
    Package,
    Pool,
    from_json,
    to_json,
)
from shoal.errors import BadInput

ENVIRONMENT = Environment(
    project="shoal",
    stack="local",
    subscription_id="00000000-0000-0000-0000-000000000000",
    resource_group="shoal-local",
    location="westeurope",
    arm_endpoint="http://127.0.0.1:4711",
    batch_account="shoallocal",
    batch_endpoint="http://127.0.0.1:4711/shoallocal",
    storage_account="shoallocalstore",
    storage_resource_group="shoal-local",
    blob_endpoint="http://127.0.0.1:4712/shoallocalstore",
    authentication=Authentication.SHARED_KEY,
    containers=Containers(inputs="inputs", outputs="outputs", logs="logs"),
    node_identity=None,
    pools={"spot": Pool(id="spot", vm_size="standard_d2s_v3", task_slots_per_node=4)},
    packages={"var": Package(application="var", version="0a1b2c3d")},
)


def test_environment_comes_back_from_json_as_it_went() -> None:
    assert from_json(to_json(ENVIRONMENT)) == ENVIRONMENT


@pytest.mark.parametrize(("given", "expected"), [({}, "linux"), ({"operating_system": "windows"}, "windows")])
def test_pool_of_an_older_document_is_a_linux_one(given: dict[str, str], expected: str) -> None:
    document = to_json(ENVIRONMENT)
    document["pools"] = {"p": {"id": "p", "vm_size": "standard_d2s_v3", "task_slots_per_node": 1, **given}}
    assert from_json(document).pools["p"].operating_system is OperatingSystem(expected)


def test_document_with_a_missing_key_is_refused_by_that_name() -> None:
    document = to_json(ENVIRONMENT)
    del document["batch_endpoint"]
    with pytest.raises(BadInput, match="batch_endpoint"):
        from_json(document)
