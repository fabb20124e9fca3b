"""A report says what happened, and nothing that must stay secret."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models

from shoal.azure_check.redaction import REDACTED, redacted
from shoal.azure_check.report import make_report
from shoal.connect import connected
from shoal.environment import Environment
from shoal.service_status import Status
from tests.azure_check.conftest import Shoal
from tests.waiting import wait_until

KEY = base64.b64encode(bytes(range(64))).decode()
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiJzb21lb25lIn0.c2lnbmF0dXJl"
SUBSCRIPTION = "6f1c1b8e-3a55-4d7c-9c3f-0d5a2f7be101"
SIGNATURE = "sv=2024-11-04&sr=c&sig=abcDEF123%3D&se=2026-12-01"
PLANTED = (KEY, TOKEN, SUBSCRIPTION, f"?{SIGNATURE}", "Password=hunter2")


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        (f"see /subscriptions/{SUBSCRIPTION}/resourceGroups/g", f"see /subscriptions/{REDACTED}/resourceGroups/g"),
        (
            f"https://s.blob.core.windows.net/c/b?{SIGNATURE} failed",
            f"https://s.blob.core.windows.net/c/b{REDACTED} failed",
        ),
        (f"DefaultEndpointsProtocol=https;AccountKey={KEY};x", f"DefaultEndpointsProtocol=https;{REDACTED};x"),
        (f"Authorization: Bearer {TOKEN}", f"Authorization: {REDACTED}"),
        (f"it was {TOKEN}", f"it was {REDACTED}"),
        (f"it was {KEY}", f"it was {REDACTED}"),
        ({"adminPassword": "hunter2", "n": 1}, {"adminPassword": REDACTED, "n": 1}),
        ([{"deep": [f"?{SIGNATURE}"]}], [{"deep": [REDACTED]}]),
        ({"storage_token": None, "key": ""}, {"storage_token": None, "key": ""}),
        ("container inputs, 3 nodes, exit code 7", "container inputs, 3 nodes, exit code 7"),
    ],
)
def test_secret_is_removed_and_the_rest_stays(value: Any, safe: Any) -> None:
    assert redacted(value) == safe


def test_report_says_what_happened_without_the_secrets_that_got_into_it(
    shoal: Shoal,
    service: Status,
    environment: Environment,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        run_and_end(services.batch, environment.pools["spot"].id, name, reason=" ".join(PLANTED))
    done = shoal("azure", "report", "--out", str(tmp_path / "report.json"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.json").read_text()
    secrets = (*PLANTED, service.key, service.storage_key, service.arm_token, environment.subscription_id)
    assert [secret for secret in secrets if secret in text] == []
    report = json.loads(text)
    pool = report["pools"]["spot"]
    assert (pool["allocation_state"], pool["spot_nodes"], pool["resize_errors"]) == ("steady", [2, 2], [])
    assert sum(pool["nodes"].values()) == 2
    assert report["packages"]["tool"]["state"] == "Active"
    (job,) = [job for job in report["jobs"] if job["id"] == name]
    assert job["tasks"] == {"completed success": 1, "completed failure": 1}
    assert job["failures"] == {"usererror FailureExitCode": 1}
    assert job["termination_reason"].split() == [REDACTED] * len(PLANTED)
    assert "Storage Blob Data Reader" in {role["role"] for role in report["roles"]}
    assert report["versions"]["azure-batch"]


def run_and_end(batch: BatchClient, pool: str, job: str, *, reason: str) -> None:
    """Run a job with a task that succeeds and one that fails, and end it for a reason."""
    batch.create_job(models.BatchJobCreateOptions(id=job, pool_info=models.BatchPoolInfo(pool_id=pool)))
    for task, line in (("good", "true"), ("bad", "/bin/sh -c 'exit 7'")):
        batch.create_task(job, models.BatchTaskCreateOptions(id=task, command_line=line))
    wait_until(lambda: all(task.state == "completed" for task in batch.list_tasks(job)))
    batch.begin_terminate_job(job, options={"terminateReason": reason})  # type: ignore[arg-type]
    wait_until(lambda: batch.get_job(job).state == "completed")


def test_part_that_is_refused_is_in_the_report_with_the_refusal(
    service: Status, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    lost = replace(environment, pools={"lost": replace(environment.pools["spot"], id="lost")})
    with connected(lost) as services:
        report = make_report(services)
    assert "PoolNotFound" in report["pools"]["lost"]["refused"]
    assert report["packages"]["tool"]["state"] == "Active"
