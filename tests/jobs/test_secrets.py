"""Secrets by reference: read where a task runs, and written nowhere on the way there."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.preflight.secret_checks import secret_findings
from shoal.jobs.secrets.key_vault import IDENTITY_ENDPOINT
from shoal.jobs.secrets.local_store import secret_file, secret_names, set_secret
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from tests.environments import wait_for_job
from tests.jobs.builders import IDENTITY, WITH_IDENTITY, bound, tasks

VALUE = "s3cret 'with\" quotes $(x)\nand a line"
VAULT = "https://team.vault.azure.net"
JOB = """\
parameters: {here: {default: /tmp}}
job:
  id: "job-{{ run }}"
  pool: spot
  secrets: {DB_PASSWORD: {key_vault: "https://team.vault.azure.net/secrets/db"}}
stages:
  - name: line
    command: printenv DB_PASSWORD > {{ here }}/line
  - name: words
    command: [cp, /proc/self/environ, "{{ here }}/words"]
"""
AZURE = replace(WITH_IDENTITY, arm_endpoint="https://management.azure.com")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("SHOAL_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "secrets"


class Vault(BaseHTTPRequestHandler):
    """The identity endpoint and the vault at one address."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/metadata/identity/oauth2/token":
            is_right = self.headers["Metadata"] == "true" and "msi_res_id=%2Fsubscriptions%2F0%2F" in query
            return self.answer({"access_token": "t0ken"} if is_right else None)
        is_right = path == "/secrets/db" and self.headers["Authorization"] == "Bearer t0ken"
        return self.answer({"value": VALUE} if is_right else None)

    def answer(self, body: object) -> None:
        self.send_response(403 if body is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None: ...


@contextmanager
def vault() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Vault) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def in_azure(folder: Path, address: str, job: str = JOB) -> list[subprocess.CompletedProcess[str]]:
    """Run the command lines that Azure would get, beside a vault at another address."""
    lines = [task["commandLine"] for task in tasks(folder, job, AZURE, here=str(folder))]
    assert all(IDENTITY in line for line in lines)
    replaced = [line.replace(IDENTITY_ENDPOINT, address).replace(VAULT, address) for line in lines]
    return [subprocess.run(line, shell=True, capture_output=True, text=True, check=False) for line in replaced]


def test_node_reads_the_secret_from_key_vault_by_its_identity(tmp_path: Path) -> None:
    with vault() as address:
        assert [done.returncode for done in in_azure(tmp_path, address)] == [0, 0]
    assert (tmp_path / "line").read_text() == VALUE + "\n"
    assert f"\0DB_PASSWORD={VALUE}\0" in "\0" + (tmp_path / "words").read_text()


def test_task_whose_secret_is_refused_ends_before_its_command(tmp_path: Path) -> None:
    with vault() as address:
        done = in_azure(tmp_path, address, JOB.replace("secrets/db", "secrets/other"))
    assert [one.returncode for one in done] == [1, 1]
    assert done[0].stderr == f"the secret {address}/secrets/other cannot be read: HTTP Error 403: Forbidden\n"
    assert not (tmp_path / "line").exists()


def test_same_file_runs_here_by_the_store_and_no_value_is_kept_by_the_service(
    services: Services, tmp_path: Path, name: str
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    given = {"here": str(tmp_path)}
    job = bind(read_job_file(tmp_path / "job.yaml", given=given, run="r", job_id=name), services.environment)
    with pytest.raises(BadInput, match="line 5: this machine has no secret 'DB_PASSWORD'; `shoal secrets set DB_PASS"):
        submit(job, make_plan(job), services)
    set_secret("DB_PASSWORD", VALUE)
    submit(job, make_plan(job), services)
    wait_for_job(services, name)
    assert (tmp_path / "line").read_text() == VALUE + "\n"
    assert f"\0DB_PASSWORD={VALUE}\0" in "\0" + (tmp_path / "words").read_text()
    kept = [services.batch.get_job(name).as_dict(), *(task.as_dict() for task in services.batch.list_tasks(name))]
    assert "s3cret" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("secret", "environment", "message"),
    [
        ("{}", AZURE, "secret 'DB_PASSWORD' has no key_vault"),
        (f"{{key_vault: '{VAULT}/secrets/db'}}", replace(AZURE, node_identity=None), "the nodes have no identity"),
    ],
)
def test_secret_that_no_node_can_read_is_told_at_plan(
    tmp_path: Path, secret: str, environment: object, message: str
) -> None:
    job = JOB.replace('{key_vault: "https://team.vault.azure.net/secrets/db"}', secret)
    (found,) = secret_findings(bound(tmp_path, job, environment))  # type: ignore[arg-type]
    assert (found.place, found.is_problem) == (("job", "secrets", "DB_PASSWORD"), True)
    assert message in found.sentence


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ("{A: {key_vault: 'http://team.vault.azure.net/secrets/db'}}", "it must be the address of a secret, such as"),
        ("{A: {key_vault: 'https://evil.example/secrets/db'}}", "it must be the address of a secret, such as"),
        ("{A-B: {}}", "a name of letters, digits and _"),
        ("{A: {}}\n  environment: {A: x}", "A is both in environment and in secrets"),
    ],
)
def test_wrong_secret_is_refused(tmp_path: Path, secrets: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        bound(tmp_path, JOB.replace('{DB_PASSWORD: {key_vault: "https://team.vault.azure.net/secrets/db"}}', secrets))


def shoal(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shoal", "secrets", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=dict(os.environ))


def test_store_is_read_by_its_owner_only_and_shows_names_alone(store: Path) -> None:
    assert shoal("set", "TOKEN", stdin="abc\n").returncode == 0
    path = secret_file("TOKEN")
    assert (path, path.read_text()) == (store / "TOKEN", "abc")
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, store)] == [0o600, 0o700]
    listed = shoal("list")
    assert (listed.stdout, listed.stderr) == ("TOKEN\n", "")
    wrong = shoal("remove", "TOKENS")
    assert (wrong.returncode, "did you mean TOKEN" in wrong.stderr) == (2, True)
    assert shoal("remove", "TOKEN").returncode == 0
    assert secret_names() == []


@pytest.mark.parametrize(("name", "value"), [("../x", "abc"), ("A B", "abc"), ("A", ""), ("A", "a\0b")])
def test_secret_that_no_variable_can_hold_is_refused(store: Path, name: str, value: str) -> None:
    with pytest.raises(BadInput):
        set_secret(name, value)
    assert not store.exists()
