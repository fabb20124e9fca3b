import jwt
import pytest

from shoal.service_status import Status
from tests.local.identity.test_token_endpoint import BATCH, SCOPE, fetch, request_token


def test_first_form_of_the_endpoints_is_one_object_with_the_login(service: Status) -> None:
    status, document = fetch(f"{service.arm_endpoint}/metadata/endpoints?api-version=2015-01-01")
    assert status == 200
    assert document["authentication"]["loginEndpoint"] == f"{service.arm_endpoint}/"
    assert document["authentication"]["audiences"][0] == "https://management.core.windows.net/"


def test_later_forms_are_a_list_and_then_an_object_of_the_same_cloud(service: Status) -> None:
    listed = fetch(f"{service.arm_endpoint}/metadata/endpoints?api-version=2019-05-01")[1]
    document = fetch(f"{service.arm_endpoint}/metadata/endpoints?api-version=2022-09-01")[1]
    assert listed == [document]
    assert document["resourceManager"] == f"{service.arm_endpoint}/"
    assert document["batch"] == BATCH
    assert document["authentication"]["tenant"] == "common"


def test_endpoints_want_a_version(service: Status) -> None:
    status, answer = fetch(f"{service.arm_endpoint}/metadata/endpoints")
    assert (status, answer["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize("tenant", ["", "organizations"])
def test_openid_configuration_leads_to_a_token_and_to_the_key_that_signed_it(service: Status, tenant: str) -> None:
    path = f"{tenant or service.tenant_id}/v2.0/.well-known/openid-configuration"
    document = fetch(f"{service.arm_endpoint}/{path}")[1]
    proof = {"grant_type": "client_credentials", "client_id": service.client_id, "client_secret": service.client_secret}
    token = fetch(document["token_endpoint"], {**proof, **SCOPE})[1]["access_token"]
    keys = jwt.PyJWKSet.from_dict(fetch(document["jwks_uri"])[1])
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["RS256"], audience=BATCH)["tid"] == service.tenant_id


def test_instance_discovery_leads_to_the_tenants_configuration(service: Status) -> None:
    document = fetch(f"{service.arm_endpoint}/common/discovery/instance?api-version=1.1&authorization_endpoint=x")[1]
    assert fetch(document["tenant_discovery_endpoint"])[1]["token_endpoint"].endswith("/oauth2/v2.0/token")


def test_configuration_of_a_foreign_tenant_is_not_there(service: Status) -> None:
    status, answer = fetch(f"{service.arm_endpoint}/elsewhere/v2.0/.well-known/openid-configuration")
    assert (status, answer["error_codes"]) == (400, [90002])
    assert request_token(service, tenant="elsewhere", **SCOPE)[0] == 400
