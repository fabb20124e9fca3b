import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.batch.models import (
    BatchJobCreateOptions,
    BatchPoolCreateOptions,
    BatchPoolInfo,
    BatchTaskCreateOptions,
    ResourceFile,
)

from shoal.local import control
from shoal.local.identity.certificates import ensure_certificates
from shoal.service_status import Status
from tests.environments import deploy, shoal
from tests.services import running_service
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("https")

SHOAL = Path(sys.executable).with_name("shoal")
VERIFY = (
    "python3 -c \"import os, ssl, urllib.request as u; u.urlopen('ARM/metadata/endpoints?api-version=2022-09-01'); "
    "print(open('input').read())\""
)


def test_service_is_trusted_by_its_own_authority_only(https_service: Status) -> None:
    url = f"{https_service.arm_endpoint}/metadata/endpoints?api-version=2022-09-01"
    with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=https_service.ca_file)) as answer:
        assert json.load(answer)["resourceManager"] == f"{https_service.arm_endpoint}/"
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, context=ssl.create_default_context())


def test_certificate_is_for_the_host_of_an_account(https_service: Status) -> None:
    context = ssl.create_default_context(cafile=https_service.ca_file)
    address = urlsplit(https_service.arm_endpoint)
    host = f"{https_service.account}.localhost"
    with (
        socket.create_connection((str(address.hostname), address.port or 0)) as connection,
        context.wrap_socket(connection, server_hostname=host) as secure,
    ):
        assert secure.getpeercert()


def test_keys_of_the_authority_and_the_service_are_for_their_owner_only(https_service: Status) -> None:
    folder = Path(https_service.state_dir) / "https"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.key")}
    assert modes == {"ca.key": 0o600, "server.key": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_authority_cannot_vouch_for_another_host(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, token_key=b"")
    text = subprocess.check_output(["openssl", "x509", "-in", files.authority, "-noout", "-text"], text=True)
    constraints = text.partition("X509v3 Name Constraints: critical")[2].partition("X509v3")[0].split()
    assert constraints[:3] == ["Permitted:", "DNS:localhost", "IP:127.0.0.0/255.0.0.0"]


def test_authority_stays_and_the_certificate_is_renewed(tmp_path: Path) -> None:
    first: dict[str, bytes] = {}
    second: dict[str, bytes] = {}
    for contents in (first, second):
        ensure_certificates(tmp_path / "https", token_key=b"")
        contents |= {file.name: file.read_bytes() for file in (tmp_path / "https").iterdir()}
    assert first["ca.pem"] == second["ca.pem"]
    assert first["server.pem"] != second["server.pem"]


def test_node_and_its_tasks_trust_the_service(https_service: Status) -> None:
    with https_service.batch_client() as batch, https_service.blob_service_client() as blobs:
        blobs.create_container("inputs").upload_blob("input", b"from storage")
        source = ResourceFile(auto_storage_container_name="inputs", blob_prefix="input")
        batch.create_pool(BatchPoolCreateOptions(id="p", vm_size="standard_d2s_v3", target_dedicated_nodes=1))
        batch.create_job(BatchJobCreateOptions(id="j", pool_info=BatchPoolInfo(pool_id="p")))
        command = VERIFY.replace("ARM", https_service.arm_endpoint)
        batch.create_task("j", BatchTaskCreateOptions(id="t", command_line=command, resource_files=[source]))
        wait_until(lambda: batch.get_task("j", "t").state == "completed")
        errors = b"".join(batch.download_task_file("j", "t", "stderr.txt")).decode()
        assert b"".join(batch.download_task_file("j", "t", "stdout.txt")) == b"from storage\n", errors


def test_state_keeps_its_scheme_and_its_secrets(tmp_path: Path) -> None:
    with running_service(tmp_path, https=True) as first:
        assert control.start(tmp_path) == first
        with pytest.raises(control.CannotStart, match="to change that to the other scheme, stop it first"):
            control.start(tmp_path, https=False)
    with running_service(tmp_path) as second:
        assert (second.arm_endpoint, second.client_secret) == (first.arm_endpoint, first.client_secret)
        assert second.set_chaos()


def test_commands_deploy_and_submit_over_https_without_further_settings(
    https_service: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    environment = deploy(https_service, tmp_path)
    assert environment.batch_endpoint.startswith("https://")
    (tmp_path / "job.yaml").write_text(
        "job: {pool: spot}\nstages: [{name: a, command: sh -c 'echo hello > out', outputs: [{pattern: out}]}]\n"
    )
    answer = shoal(https_service, tmp_path, "run", "job.yaml", "--out", "results")
    assert answer.returncode == 0, answer.stderr
    assert [file.read_text() for file in (tmp_path / "results").rglob("out")] == ["hello\n"]


def test_env_of_the_command_holds_what_clients_need_to_trust_it(https_service: Status) -> None:
    environment = {**os.environ, "SHOAL_STATE": https_service.state_dir}
    printed = subprocess.check_output([SHOAL, "local", "env"], text=True, env=environment)
    for name, value in (
        ("SSL_CERT_FILE", https_service.ca_bundle),
        ("REQUESTS_CA_BUNDLE", https_service.ca_bundle),
        ("NODE_EXTRA_CA_CERTS", https_service.ca_file),
        ("IDENTITY_ENDPOINT", https_service.identity_endpoint),
        ("IDENTITY_HEADER", https_service.client_secret),
    ):
        assert f"export {name}='{value}'" in printed
    shown = json.loads(subprocess.check_output([SHOAL, "local", "status", "--json"], text=True, env=environment))
    assert shown["ca_file"] == https_service.ca_file
