"""Forms of ARM's answers that are not documented, as Batch's resource provider was seen to send them.

Source: traffic recorded in the tests of azure-cli and azure-mgmt-batch, 2019 to 2024.
"""

import json
import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from shoal.service_status import Status
from tests.arm import ArmHttp


def get(service: Status, path: str) -> tuple[dict[str, str], Any]:
    """Return headers by lower-case name, and the body."""
    connection = HTTPConnection(urlsplit(service.arm_endpoint).netloc)
    headers = {"Authorization": f"Bearer {service.arm_token}"}
    connection.request("GET", f"{path}?api-version=2024-07-01", headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return {name.lower(): value for name, value in answer.getheaders()}, body


def below(arm: ArmHttp, account: str, path: str) -> str:
    return f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}{path}"


def test_account_has_what_the_service_fills_in(service: Status, arm: ArmHttp, account: str) -> None:
    headers, body = get(service, below(arm, account, ""))
    assert re.fullmatch(r'"0x[0-9A-F]{15,16}"', headers["etag"])
    assert headers["last-modified"].endswith(" GMT")
    assert body["identity"] == {"type": "None"}
    properties = body["properties"]
    assert properties["encryption"] == {"keySource": "Microsoft.Batch"}
    assert properties["privateEndpointConnections"] == []
    assert properties["nodeManagementEndpoint"].endswith(".westeurope.service.batch.azure.com")
    assert properties["autoStorage"]["authenticationMode"] == "StorageKeys"
    assert properties["autoStorage"]["lastKeySync"].endswith("Z")


def test_account_is_shown_as_its_version_knows_it(arm: ArmHttp, account: str) -> None:
    _, old = arm.call("GET", below(arm, account, ""), version="2018-12-01")
    _, later = arm.call("GET", below(arm, account, ""), version="2021-01-01")
    newer = {"encryption", "publicNetworkAccess", "dedicatedCoreQuotaPerVMFamily", "allowedAuthenticationModes"}
    assert old["properties"].keys().isdisjoint(newer)
    assert "identity" not in old
    assert later["properties"].keys() & newer == newer - {"allowedAuthenticationModes"}
    assert later["properties"]["dedicatedCoreQuotaPerVMFamilyEnforced"] is True


def test_listed_accounts_and_pools_have_the_names_of_their_version(arm: ArmHttp, account: str) -> None:
    arm.make(below(arm, account, "/pools/p"), {"properties": {"vmSize": "s", "taskSlotsPerNode": 2}})
    _, oldest = arm.call("GET", f"{arm.group}/providers/Microsoft.Batch/batchAccounts", version="2015-12-01")
    (properties,) = [listed["properties"] for listed in oldest["value"]]
    assert properties["coreQuota"] == 1_000_000
    assert properties.keys().isdisjoint({"dedicatedCoreQuota", "lowPriorityCoreQuota", "encryption"})
    assert "authenticationMode" not in properties["autoStorage"]
    _, pools = arm.call("GET", below(arm, account, "/pools"), version="2020-05-01")
    (pool,) = pools["value"]
    assert (pool["properties"].get("maxTasksPerNode"), pool["properties"].get("taskSlotsPerNode")) == (2, None)


def test_pool_of_cloud_services_is_kept_by_requests_of_later_versions(arm: ArmHttp, account: str) -> None:
    path = below(arm, account, "/pools/p")
    services = {"cloudServiceConfiguration": {"osFamily": "5"}}
    body = {"properties": {"vmSize": "small", "deploymentConfiguration": services}}
    status, refused = arm.call("PUT", path, body, version="2024-07-01")
    assert (status, refused["error"]["code"]) == (400, "UnsupportedProperty")
    status, made = arm.call("PUT", path, body, version="2023-05-01")
    assert status == 200, made
    shown = {"cloudServiceConfiguration": {"osFamily": "5", "osVersion": "*"}}
    assert made["properties"]["deploymentConfiguration"] == shown
    tagged = {"properties": {"metadata": [{"name": "team", "value": "risk"}]}}
    status, patched = arm.call("PATCH", path, tagged, version="2024-07-01")
    assert status == 200, patched
    assert "cloudServiceConfiguration" not in patched["properties"]["deploymentConfiguration"]
    _, old = arm.call("GET", path, version="2023-05-01")
    assert old["properties"]["deploymentConfiguration"] == shown


@pytest.mark.parametrize("path", ["/applications/tool", "/applications/tool/versions/1.0", "/pools/p"])
def test_resource_below_an_account_has_a_weak_etag_in_body_and_header(
    service: Status, arm: ArmHttp, account: str, path: str
) -> None:
    if path.startswith("/applications"):
        arm.make(below(arm, account, "/applications/tool"), {})
    if not path.endswith("/tool"):
        arm.make(below(arm, account, path), {"properties": {"vmSize": "s"}} if path == "/pools/p" else {})
    headers, body = get(service, below(arm, account, path))
    assert headers["etag"] == body["etag"]
    assert re.fullmatch(r'W/"0x[0-9A-F]{15,16}"', body["etag"])
    assert headers["last-modified"].endswith(" GMT")


def test_expiry_of_a_packages_address_is_a_moment_in_utc(arm: ArmHttp, account: str) -> None:
    arm.make(below(arm, account, "/applications/tool"), {})
    version = arm.make(below(arm, account, "/applications/tool/versions/1.0"), {})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}(\.\d+)?Z", version["properties"]["storageUrlExpiry"])


def test_application_with_packages_is_not_deleted(arm: ArmHttp, account: str) -> None:
    arm.make(below(arm, account, "/applications/tool"), {})
    arm.make(below(arm, account, "/applications/tool/versions/1.0"), {})
    status, answer = arm.call("DELETE", below(arm, account, "/applications/tool"))
    assert (status, answer["error"]["code"]) == (409, "ApplicationPackagesNotEmpty")


def test_package_that_is_not_active_is_no_default(arm: ArmHttp, account: str) -> None:
    arm.make(below(arm, account, "/applications/tool"), {})
    arm.make(below(arm, account, "/applications/tool/versions/1.0"), {})
    body = {"properties": {"defaultVersion": "1.0"}}
    status, answer = arm.call("PATCH", below(arm, account, "/applications/tool"), body)
    assert (status, answer["error"]["code"]) == (409, "RequestedDefaultVersionNotActive")


def test_error_of_batch_has_a_target_details_and_a_stamp(arm: ArmHttp, account: str) -> None:
    body = {"properties": {"vmSize": "s", "colour": "red"}}
    status, answer = arm.call("PUT", below(arm, account, "/pools/p"), body)
    error = answer["error"]
    assert (status, error["code"], error["target"]) == (400, "UnsupportedProperty", "BatchAccount")
    assert error["details"] == [{"code": "PropertyName", "message": "properties.colour"}]
    assert re.search(r"\nRequestId:[0-9a-f-]{36}\nTime:\S+Z$", error["message"])


def test_error_of_arm_itself_has_neither(arm: ArmHttp, account: str) -> None:
    _, answer = arm.call("GET", below(arm, account, "/pools/absent"))
    assert answer["error"].keys() == {"code", "message"}
