"""Files that nodes fetch and keep in the name of an identity of their pool."""

import pytest
from azure.batch import BatchClient
from azure.storage.blob import ContainerClient

from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.blobs import make_container
from tests.local.making import VM_SIZE, execution, failure_code, make_job, read, run, sh, task


@pytest.fixture
def identity(service: Status, name: str) -> str:
    """An identity, which a pool of the test's name has."""
    arm = ArmHttp(service, "shoal")
    made = arm.make(f"providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}", {"location": "local"})
    arm.make(
        f"providers/Microsoft.Batch/batchAccounts/{service.account}/pools/{name}",
        {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: {}}},
            "properties": {"vmSize": VM_SIZE, "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 1}}},
        },
    )
    return str(made["id"])


@pytest.fixture
def container(service: Status, name: str) -> ContainerClient:
    return make_container(service, name, **{"in/a.txt": b"kept from strangers"})


def test_pools_identity_reads_inputs_and_writes_outputs(
    client: BatchClient, name: str, identity: str, container: ContainerClient
) -> None:
    make_job(client, name, name)
    by = {"identityReference": {"resourceId": identity.upper()}}
    files = [
        {"httpUrl": f"{container.url}/in/a.txt", "filePath": "one", **by},
        {"storageContainerUrl": container.url, "blobPrefix": "in/", **by},
    ]
    output = {"containerUrl": container.url, "path": "out/b.txt", **by}
    outputs = [
        {
            "filePattern": "b.txt",
            "destination": {"container": output},
            "uploadOptions": {"uploadCondition": "tasksuccess"},
        }
    ]
    done = run(client, name, task("t", sh("cat one in/a.txt | tee b.txt"), resourceFiles=files, outputFiles=outputs))
    assert execution(done).result == "success"
    assert read(client, name, "t") == b"kept from strangers" * 2
    assert container.download_blob("out/b.txt").readall() == b"kept from strangers" * 2


def test_identity_of_another_pool_is_of_no_use(
    client: BatchClient, pool: str, name: str, identity: str, container: ContainerClient
) -> None:
    make_job(client, name, pool)
    by = {"identityReference": {"resourceId": identity}}
    files = [{"httpUrl": f"{container.url}/in/a.txt", "filePath": "one", **by}]
    assert failure_code(run(client, name, task("t", "true", resourceFiles=files))) == "BlobAccessDenied"


def test_identity_reaches_only_storage_that_the_service_knows(client: BatchClient, name: str, identity: str) -> None:
    make_job(client, name, name)
    by = {"identityReference": {"resourceId": identity}}
    files = [{"httpUrl": "http://127.0.0.1:9/elsewhere/c/a.txt", "filePath": "one", **by}]
    assert failure_code(run(client, name, task("t", "true", resourceFiles=files))) == "BlobAccessDenied"


def test_task_acts_on_batch_by_a_token_of_its_pools_identity_and_others_have_none(
    client: BatchClient, service: Status, pool: str, name: str, identity: str
) -> None:
    token = (
        "curl -sS -G -H Metadata:true $AZURE_POD_IDENTITY_AUTHORITY_HOST/metadata/identity/oauth2/token"
        f" -d api-version=2018-02-01 -d msi_res_id={identity} -d resource=https://batch.core.windows.net/"
        r" | tr , \\n | grep access_token | cut -d \" -f 4"
    )
    job = "${AZ_BATCH_ACCOUNT_URL}jobs/$AZ_BATCH_JOB_ID?api-version=2025-06-01"
    make_job(client, name, name)
    run(client, name, task("t", sh(f'token=$({token}); curl -sS -H "Authorization: Bearer $token" {job}')))
    assert f'"id":"{name}"' in read(client, name, "t").decode()
    own = token.replace(f" -d msi_res_id={identity}", "")
    run(client, name, task("by-default", sh(f'token=$({own}); curl -sS -H "Authorization: Bearer $token" {job}')))
    assert f'"id":"{name}"' in read(client, name, "by-default").decode()
    elsewhere = token.replace(identity, identity.replace(identity.rpartition("/")[2], "another")).partition(" |")[0]
    run(client, name, task("foreign", sh(elsewhere)))
    assert b"Identity not found" in read(client, name, "foreign")
    run(client, name, task("prints", "env"))
    assert service.client_secret.encode() not in read(client, name, "prints")
    make_job(client, f"{name}-other", pool)
    run(client, f"{name}-other", task("t", sh("echo ${AZURE_POD_IDENTITY_AUTHORITY_HOST-nothing}")))
    assert read(client, f"{name}-other", "t") == b"nothing\n"
