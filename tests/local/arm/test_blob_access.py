"""Storage that refuses: roles, keys and network rules, as the official client and the nodes see them."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_container_sas,
)

from shoal.local.identity.tokens import Principal, Tokens
from shoal.service_status import Status
from tests.arm import SUBNET, SUBSCRIPTION, ArmHttp, make_subnet
from tests.local.arm.conftest import STORAGE
from tests.local.arm.test_application_packages import archive
from tests.local.identity.conftest import tokens_of
from tests.local.making import VM_SIZE, execution, failure_code, make_job, run, task, wait_for_nodes
from tests.waiting import wait_until

DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ROLES, FIREWALL = {"storage_roles": True}, {"storage_firewall": True}


@pytest.fixture(scope="module")
def arm(service: Status) -> Iterator[ArmHttp]:
    """A resource group for the whole module: each storage account takes a restart of the emulator."""
    arm = ArmHttp(service, "blob-access")
    arm.make("", {"location": "westeurope"})
    yield arm
    arm.call("DELETE", "")


@pytest.fixture(scope="module")
def kept_storage(arm: ArmHttp) -> str:
    return str(arm.make("providers/Microsoft.Storage/storageAccounts/blobaccess", STORAGE)["id"])


@pytest.fixture
def storage(arm: ArmHttp, kept_storage: str) -> str:
    """The id of a storage account without rules."""
    allow(arm, kept_storage)
    return kept_storage


@pytest.fixture(scope="module")
def blobs(arm: ArmHttp, kept_storage: str) -> Iterator[BlobServiceClient]:
    """The storage account by its key, with a blob in the container `inputs`."""
    key = arm.call("POST", f"{kept_storage}/listKeys")[1]["keys"][0]["value"]
    endpoint = arm.call("GET", kept_storage)[1]["properties"]["primaryEndpoints"]["blob"]
    with BlobServiceClient(endpoint, AzureNamedKeyCredential("blobaccess", key)) as client:
        for container in ("inputs", "other"):
            arm.make(f"{kept_storage}/blobServices/default/containers/{container}", {})
        client.get_blob_client("inputs", "a.txt").upload_blob(b"a")
        yield client


@pytest.fixture
def tokens(service: Status) -> Tokens:
    return tokens_of(service)


@pytest.fixture
def somebody() -> str:
    """The object id of a principal that has no roles yet."""
    return str(uuid.uuid4())


def by_token(tokens: Tokens, blobs: BlobServiceClient, principal: str, container: str = "inputs") -> ContainerClient:
    """A client with a token of a principal. The official credentials insist on HTTPS, so a header carries it."""
    token = tokens.issue("https://storage.azure.com", Principal(client_id=principal, object_id=principal))
    return ContainerClient(blobs.url, container, base_headers={"Authorization": f"Bearer {token}"})


def assign(arm: ArmHttp, scope: str, definition: str, principal: str) -> None:
    properties = {
        "principalId": principal,
        "roleDefinitionId": f"{DEFINITIONS}/{definition}",
        "principalType": "ServicePrincipal",
    }
    name = uuid.uuid4()
    arm.make(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties})


def allow(arm: ArmHttp, storage: str, **properties: Any) -> None:
    """Replace the properties of the storage account."""
    arm.make(storage, {**STORAGE, "properties": properties})


def signed_url_of(arm: ArmHttp, blobs: BlobServiceClient, storage: str) -> str:
    """The address of the blob, with a signature by the account's key."""
    key = arm.call("POST", f"{storage}/listKeys")[1]["keys"][0]["value"]
    signature = generate_container_sas(
        str(blobs.account_name),
        "inputs",
        account_key=key,
        permission=ContainerSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{blobs.get_blob_client('inputs', 'a.txt').url}?{signature}"


def refusal(request: Callable[[], object]) -> str | None:
    """The code by which storage refuses a request; None where it serves it."""
    try:
        request()
    except HttpResponseError as exc:
        answer: Any = exc.response
    else:
        return None
    code = str(answer.headers["x-ms-error-code"])
    assert answer.status_code == 403
    assert answer.request.method == "HEAD" or f"<Code>{code}</Code>" in answer.text()
    return code


def test_token_is_refused_until_its_role_has_effect(
    arm: ArmHttp, tokens: Tokens, blobs: BlobServiceClient, storage: str, somebody: str
) -> None:
    container = by_token(tokens, blobs, somebody)
    with arm.status.chaos(**ROLES, role_delay_seconds=600):
        assert refusal(container.get_container_properties) == "AuthorizationPermissionMismatch", "there is no role"
        assign(arm, storage, CONTRIBUTOR, somebody)
        assert refusal(lambda: list(container.list_blobs())) == "AuthorizationPermissionMismatch", "it is too new"
    with arm.status.chaos(**ROLES, role_delay_seconds=0.3):
        wait_until(lambda: refusal(lambda: list(container.list_blobs())) is None)
        container.upload_blob("b.txt", b"b" * 3_000_000)
        assert container.download_blob("b.txt").readall() == b"b" * 3_000_000
    assert blobs.get_blob_client("inputs", "b.txt").get_blob_properties().size == 3_000_000


def test_role_allows_what_it_names_where_it_was_given(
    arm: ArmHttp, tokens: Tokens, blobs: BlobServiceClient, storage: str, somebody: str
) -> None:
    with arm.status.chaos(**ROLES):
        assign(arm, f"{storage}/blobServices/default/containers/inputs", READER, somebody)
        assert by_token(tokens, blobs, somebody).download_blob("a.txt").readall() == b"a"
        upload = refusal(lambda: by_token(tokens, blobs, somebody).upload_blob("b.txt", b"b" * 3_000_000))
        assert upload == "AuthorizationPermissionMismatch"
        elsewhere = refusal(lambda: list(by_token(tokens, blobs, somebody, "other").list_blobs()))
        assert elsewhere == "AuthorizationPermissionMismatch"
        stranger = refusal(lambda: by_token(tokens, blobs, str(uuid.uuid4())).download_blob("a.txt"))
        assert stranger == "AuthorizationPermissionMismatch"


def test_role_without_data_actions_gives_no_blobs(
    arm: ArmHttp, tokens: Tokens, blobs: BlobServiceClient, storage: str, somebody: str
) -> None:
    with arm.status.chaos(**ROLES):
        assign(arm, storage, OWNER, somebody)
        refused = refusal(lambda: by_token(tokens, blobs, somebody).download_blob("a.txt"))
        assert refused == "AuthorizationPermissionMismatch", "Owner manages the account and reads no blobs"


def test_key_and_its_signatures_are_refused_where_keys_are_forbidden(
    arm: ArmHttp, blobs: BlobServiceClient, storage: str
) -> None:
    container = blobs.get_container_client("inputs")
    with arm.status.chaos(**ROLES):
        assert refusal(lambda: container.upload_blob("by-key.txt", b"b")) is None
        allow(arm, storage, allowSharedKeyAccess=False)
        assert refusal(lambda: container.upload_blob("later.txt", b"c")) == "KeyBasedAuthenticationNotPermitted"
        signed = ContainerClient.from_container_url(f"{container.url}?sv=2022-11-02&sr=c&sp=r&sig=x")
        assert refusal(lambda: signed.download_blob("a.txt")) == "KeyBasedAuthenticationNotPermitted"
    assert refusal(lambda: container.upload_blob("later.txt", b"c")) is None, "without the condition nothing is refused"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"networkAcls": {"defaultAction": "Allow"}}, None),
        ({"networkAcls": {"defaultAction": "Deny"}}, "AuthorizationFailure"),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/24"}]}}, "AuthorizationFailure"),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}}, None),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]}}, None),
        ({"publicNetworkAccess": "Enabled"}, None),
        ({"publicNetworkAccess": "Disabled"}, "AuthorizationFailure"),
        (
            {
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "203.0.113.10"}]},
            },
            "AuthorizationFailure",
        ),
    ],
)
def test_this_machine_comes_from_a_public_address_that_rules_can_allow(
    arm: ArmHttp, blobs: BlobServiceClient, storage: str, properties: Any, code: str | None
) -> None:
    allow(arm, storage, **properties)
    with arm.status.chaos(**FIREWALL):
        assert refusal(lambda: blobs.get_blob_client("inputs", "a.txt").download_blob()) == code


@pytest.fixture
def identity(arm: ArmHttp, service: Status, name: str) -> dict[str, str]:
    """An identity, of a pool of the test's name in a subnet; its id and its principal."""
    make_subnet(service)
    made = arm.make(f"providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}", {"location": "westeurope"})
    properties = {
        "vmSize": VM_SIZE,
        "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 1}},
        "networkConfiguration": {"subnetId": SUBNET},
    }
    identities = {"type": "UserAssigned", "userAssignedIdentities": {made["id"]: {}}}
    pool = f"providers/Microsoft.Batch/batchAccounts/{service.account}/pools/{name}"
    ArmHttp(service, "shoal").make(pool, {"identity": identities, "properties": properties})
    return {"id": str(made["id"]), "principal": str(made["properties"]["principalId"])}


def test_node_reads_and_writes_with_the_roles_of_its_identity(
    arm: ArmHttp, client: BatchClient, blobs: BlobServiceClient, storage: str, identity: dict[str, str], name: str
) -> None:
    make_job(client, name, name)
    by = {"identityReference": {"resourceId": identity["id"]}}
    container = blobs.get_container_client("inputs").url
    reading = {"resourceFiles": [{"httpUrl": f"{container}/a.txt", "filePath": "a", **by}]}
    listing = {"resourceFiles": [{"storageContainerUrl": container, "filePath": "inputs", **by}]}
    destination = {"container": {"containerUrl": container, "path": "out.txt", **by}}
    output = {
        "filePattern": "../std*.txt",
        "destination": destination,
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
    writing = {"outputFiles": [output]}
    with arm.status.chaos(**ROLES):
        assert failure_code(run(client, name, task("1", "true", **reading))) == "BlobAccessDenied"
        assert failure_code(run(client, name, task("2", "true", **listing))) == "ResourceContainerAccessDenied"
        assign(arm, storage, READER, identity["principal"])
        assert execution(run(client, name, task("3", "true", **reading))).result == "success"
        assert execution(run(client, name, task("4", "true", **listing))).result == "success"
        assert failure_code(run(client, name, task("5", "true", **writing))) == "FileUploadAccessDenied"
        assign(arm, storage, CONTRIBUTOR, identity["principal"])
        assert execution(run(client, name, task("6", "true", **writing))).result == "success"


def test_node_comes_from_its_pools_subnet_also_with_a_signature(
    arm: ArmHttp, client: BatchClient, blobs: BlobServiceClient, storage: str, identity: dict[str, str], name: str
) -> None:
    assert identity
    make_job(client, name, name)
    files = {"resourceFiles": [{"httpUrl": signed_url_of(arm, blobs, storage), "filePath": "a"}]}
    closed: dict[str, Any] = {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    with arm.status.chaos(**FIREWALL):
        allow(arm, storage, networkAcls=closed)
        assert failure_code(run(client, name, task("1", "true", **files))) == "BlobAccessDenied"
        allow(arm, storage, networkAcls={**closed, "virtualNetworkRules": [{"id": SUBNET.upper()}]})
        assert execution(run(client, name, task("2", "true", **files))).result == "success"
        allow(arm, storage, publicNetworkAccess="Disabled", networkAcls={"defaultAction": "Allow"})
        assert failure_code(run(client, name, task("3", "true", **files))) == "BlobAccessDenied"
        link = {"name": "blob", "properties": {"privateLinkServiceId": storage, "groupIds": ["blob"]}}
        endpoint = {"subnet": {"id": SUBNET}, "privateLinkServiceConnections": [link]}
        path = "providers/Microsoft.Network/privateEndpoints/inside"
        arm.make(path, {"location": "westeurope", "properties": endpoint})
        assert execution(run(client, name, task("4", "true", **files))).result == "success"


def test_node_without_a_subnet_has_an_address_that_rules_cannot_allow(
    arm: ArmHttp, client: BatchClient, pool: str, blobs: BlobServiceClient, storage: str, name: str
) -> None:
    make_job(client, name, pool)
    files = {"resourceFiles": [{"httpUrl": signed_url_of(arm, blobs, storage), "filePath": "a"}]}
    allow(arm, storage, networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]})
    with arm.status.chaos(**FIREWALL):
        assert failure_code(run(client, name, task("1", "true", **files))) == "BlobAccessDenied"
    assert execution(run(client, name, task("2", "true", **files))).result == "success"


@pytest.fixture(scope="module")
def node_identity(arm: ArmHttp) -> dict[str, str]:
    """The identity by which nodes of `batch_account` read packages: its id and its principal."""
    path = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/packages"
    made = arm.make(path, {"location": "westeurope"})
    return {"id": str(made["id"]), "principal": str(made["properties"]["principalId"])}


@pytest.fixture(scope="module")
def batch_account(arm: ArmHttp, kept_storage: str, node_identity: dict[str, str]) -> str:
    """The path of an account that uses the storage account by identity."""
    linked = {
        "storageAccountId": kept_storage,
        "authenticationMode": "BatchAccountManagedIdentity",
        "nodeIdentityReference": {"resourceId": node_identity["id"]},
    }
    identity = {"type": "UserAssigned", "userAssignedIdentities": {node_identity["id"]: {}}}
    body = {"location": "westeurope", "identity": identity, "properties": {"autoStorage": linked}}
    arm.make("providers/Microsoft.Batch/batchAccounts/blobaccess", body)
    arm.make("providers/Microsoft.Batch/batchAccounts/blobaccess/applications/tool", {})
    return "providers/Microsoft.Batch/batchAccounts/blobaccess"


def publish(arm: ArmHttp, version: str) -> None:
    made = arm.make(version, {})
    with BlobClient.from_blob_url(made["properties"]["storageUrl"]) as blob:
        blob.upload_blob(archive(a="b"), overwrite=True)
    assert arm.call("POST", f"{version}/activate", {"format": "zip"})[0] == 200


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"publicNetworkAccess": "Disabled"}, (403, "AuthorizationFailure")),
        (
            {
                "networkAcls": {
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "203.0.113.10"}],
                    "bypass": "AzureServices",
                }
            },
            (403, "AuthorizationFailure"),
        ),
        ({"isHnsEnabled": True}, (400, "InvalidAutoStorageAccount")),
    ],
)
def test_closed_account_and_one_with_a_hierarchical_namespace_keep_no_packages(
    arm: ArmHttp, batch_account: str, storage: str, properties: Any, expected: tuple[int, str]
) -> None:
    version = f"{batch_account}/applications/tool/versions/closed"
    publish(arm, version)
    allow(arm, storage, **properties)
    with arm.status.chaos(**FIREWALL):
        for method, path, body in (("PUT", version, {}), ("POST", f"{version}/activate", {"format": "zip"})):
            status, answer = arm.call(method, path, body)
            assert (status, answer["error"]["code"]) == expected
    assert arm.call("PUT", version, {})[0] == 200


def test_node_reads_its_pools_packages_with_the_roles_of_the_identity_that_the_account_names(
    arm: ArmHttp, service: Status, batch_account: str, storage: str, node_identity: dict[str, str]
) -> None:
    publish(arm, f"{batch_account}/applications/tool/versions/1")
    key = arm.call("POST", f"{batch_account}/listKeys")[1]["primary"]
    endpoint = service.batch_endpoint.replace(f"/{service.account}", "/blobaccess")
    with (
        BatchClient(endpoint, AzureNamedKeyCredential("blobaccess", key)) as client,
        arm.status.chaos(**ROLES),
    ):
        make_pool_with_package(arm, batch_account, "refused", node_identity["id"])
        (node,) = wait_for_nodes(client, "refused", nodes=1, state="unusable")
        assert [error.code for error in node.errors or []] == ["ApplicationPackageError"]
        assign(arm, storage, READER, node_identity["principal"])
        make_pool_with_package(arm, batch_account, "without", None)
        wait_for_nodes(client, "without", nodes=1, state="unusable")
        make_pool_with_package(arm, batch_account, "served", node_identity["id"])
        wait_for_nodes(client, "served", nodes=1)


def make_pool_with_package(arm: ArmHttp, account: str, name: str, identity: str | None) -> None:
    application = f"{arm.group}/{account}/applications/tool"
    properties = {
        "vmSize": VM_SIZE,
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}},
        "applicationPackages": [{"id": application, "version": "1"}],
    }
    identities = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}} if identity else {"type": "None"}
    arm.make(f"{account}/pools/{name}", {"identity": identities, "properties": properties})


def test_start_task_fails_where_a_role_is_missing(
    arm: ArmHttp, service: Status, client: BatchClient, blobs: BlobServiceClient, name: str
) -> None:
    path = f"providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    identity = arm.make(path, {"location": "westeurope"})["id"]
    url = blobs.get_blob_client("inputs", "a.txt").url
    file = {"httpUrl": url, "filePath": "a", "identityReference": {"resourceId": identity}}
    properties = {
        "vmSize": VM_SIZE,
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}},
        "startTask": {"commandLine": "true", "waitForSuccess": True, "resourceFiles": [file]},
    }
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}, "properties": properties}
    with arm.status.chaos(**ROLES):
        path = f"providers/Microsoft.Batch/batchAccounts/{service.account}/pools/{name}"
        ArmHttp(service, "shoal").make(path, body)
        (node,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    info = node.start_task_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.result, info.failure_info.code) == ("failure", "BlobAccessDenied")
