"""Application packages on nodes. How versions come to be is in arm/test_application_packages.py."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import ActivateApplicationPackageParameters, Application, ApplicationProperties
from azure.storage.blob import BlobClient

from shoal.local.node import archive_limits
from shoal.service_status import Status
from tests.arm import management_client
from tests.local.making import (
    completed,
    error_code,
    execution,
    failure_code,
    make_job,
    make_pool,
    read,
    run,
    sh,
    task,
    wait_for_nodes,
)
from tests.raw import Raw

GROUP, ACCOUNT = "shoal", "shoal"
"""Place, on the ARM side, of the account that always exists."""


def archive(**files: str) -> bytes:
    """Files whose content is a script are executable."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if content.startswith("#!") else 0o100644) << 16
            packed.writestr(entry, content)
    return target.getvalue()


class Packages:
    def __init__(self, management: BatchManagementClient) -> None:
        self.management = management

    def publish(self, application: str, version: str, content: bytes) -> None:
        """Reserve, upload and activate."""
        self.management.application.create(GROUP, ACCOUNT, application)
        made = self.management.application_package.create(GROUP, ACCOUNT, application, version)
        assert made.properties is not None
        with BlobClient.from_blob_url(str(made.properties.storage_url)) as blob:
            blob.upload_blob(content, overwrite=True)
        zipped = ActivateApplicationPackageParameters(format="zip")
        self.management.application_package.activate(GROUP, ACCOUNT, application, version, zipped)

    def make_default(self, application: str, version: str) -> None:
        default = Application(properties=ApplicationProperties(default_version=version))
        self.management.application.update(GROUP, ACCOUNT, application, default)

    def delete(self, application: str, version: str) -> None:
        self.management.application_package.delete(GROUP, ACCOUNT, application, version)


@pytest.fixture
def packages(service: Status) -> Iterator[Packages]:
    with management_client(service) as management:
        yield Packages(management)


@pytest.fixture
def application(name: str) -> str:
    return name.replace("t-", "Tool-")


def reference(application: str, version: str | None = None) -> dict[str, Any]:
    return {"applicationId": application, **({} if version is None else {"version": version})}


def uses(*references: dict[str, Any]) -> dict[str, Any]:
    return {"applicationPackageReferences": list(references)}


def test_task_finds_its_package_by_its_id_in_the_case_that_it_has_and_in_no_other(
    client: BatchClient, packages: Packages, job: str, application: str
) -> None:
    packages.publish(application, "1.0-b", archive(**{"bin/tool.sh": "echo tool"}))
    run(client, job, task("t", "env", **uses(reference(application, "1.0-b"))))
    seen = dict(line.split("=", 1) for line in read(client, job, "t").decode().splitlines())
    found = {name: value for name, value in seen.items() if name.startswith("AZ_BATCH_APP_PACKAGE_")}
    suffix = application.replace("-", "_")
    assert set(found) == {f"AZ_BATCH_APP_PACKAGE_{suffix}", f"AZ_BATCH_APP_PACKAGE_{suffix}_1_0_b"}
    (folder,) = set(found.values())
    assert folder.startswith(f"{seen['AZ_BATCH_NODE_ROOT_DIR']}/applications/{application.lower()}1.0-b")
    run(
        client,
        job,
        task("use", sh(f"sh {folder}/bin/tool.sh; ls {folder}/.."), **uses(reference(application, "1.0-b"))),
    )
    assert read(client, job, "use").startswith(b"tool\n")
    assert b".zip" not in read(client, job, "use")


def test_task_without_the_reference_does_not_see_the_package(
    client: BatchClient, packages: Packages, one_node: str, name: str, application: str
) -> None:
    packages.publish(application, "1", archive(a="a"))
    make_job(client, name, one_node)
    run(client, name, task("with", "env", **uses(reference(application, "1"))))
    run(client, name, task("without", "env"))
    assert b"APP_PACKAGE" in read(client, name, "with")
    assert b"APP_PACKAGE" not in read(client, name, "without")


def test_modes_of_files_are_kept(client: BatchClient, packages: Packages, job: str, application: str) -> None:
    packages.publish(application, "1", archive(run="#!/bin/sh\necho ran", data="d"))
    folder = f"$AZ_BATCH_APP_PACKAGE_{application.replace('-', '_')}"
    run(client, job, task("t", sh(f"{folder}/run; stat -c %a {folder}/data"), **uses(reference(application, "1"))))
    assert read(client, job, "t") == b"ran\n644\n"


def test_default_version_is_taken_where_none_is_named_and_may_change(
    client: BatchClient, packages: Packages, job: str, application: str
) -> None:
    script = sh(f"cat $AZ_BATCH_APP_PACKAGE_{application.replace('-', '_')}/v")
    for version in ("1", "2"):
        packages.publish(application, version, archive(v=version))
        packages.make_default(application, version)
        run(client, job, task(f"t{version}", script, **uses(reference(application))))
        assert read(client, job, f"t{version}") == version.encode()
    run(client, job, task("pinned", script, **uses(reference(application.upper(), "1"))))
    assert read(client, job, "pinned") == b"1"


@pytest.mark.parametrize("form", ["{name}", "/applications/{name}", "/applications/{name}/versions/1"])
def test_reference_may_be_a_bare_name_or_an_arm_id(
    client: BatchClient, packages: Packages, job: str, application: str, form: str
) -> None:
    packages.publish(application, "1", archive(v="1"))
    packages.make_default(application, "1")
    account = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/{ACCOUNT}"
    named = form.format(name=application)
    full = named if named == application else account + named
    done = run(client, job, task("t", "true", **uses(reference(full))))
    assert execution(done).result == "success"


def test_packages_of_the_pool_are_there_for_start_task_and_tasks(
    client: BatchClient, packages: Packages, name: str, application: str
) -> None:
    packages.publish(application, "1", archive(v="from the pool"))
    script = sh(f"cat $AZ_BATCH_APP_PACKAGE_{application.replace('-', '_')}_1/v")
    make_pool(client, name, startTask={"commandLine": script}, **uses(reference(application, "1")))
    (node,) = wait_for_nodes(client, name, nodes=1)
    assert b"".join(client.download_node_file(name, node.id, "startup/stdout.txt")) == b"from the pool"
    make_job(client, name, name)
    run(client, name, task("t", script))
    assert read(client, name, "t") == b"from the pool"


def test_version_that_is_published_again_is_the_one_that_tasks_get(
    client: BatchClient, packages: Packages, one_node: str, name: str, application: str
) -> None:
    make_job(client, name, one_node)
    script = sh(f"cat $AZ_BATCH_APP_PACKAGE_{application.replace('-', '_')}/v")
    for content in ("first", "second"):
        packages.publish(application, "1", archive(v=content))
        run(client, name, task(content, script, **uses(reference(application, "1"))))
        assert read(client, name, content) == content.encode()


@pytest.mark.parametrize("version", [None, "2", "pending"])
def test_reference_to_what_is_not_there_or_not_active_is_refused(
    raw: Raw, client: BatchClient, packages: Packages, job: str, application: str, version: str | None
) -> None:
    packages.publish(application, "1", archive(v="1"))
    packages.management.application_package.create(GROUP, ACCOUNT, application, "pending")
    bad = uses(reference(application, version))
    with pytest.raises(HttpResponseError) as refusal:
        client.create_task(job, task("t", "true", **bad))
    assert (refusal.value.status_code, error_code(refusal.value)) == (409, "InvalidApplicationPackageReferences")
    with pytest.raises(HttpResponseError) as refusal:
        make_pool(client, f"{job}-pool", **bad)
    assert error_code(refusal.value) == "InvalidApplicationPackageReferences"
    both = {"value": [{"id": "bad", "commandLine": "true", **bad}, {"id": "good", "commandLine": "true"}]}
    results = raw("POST", f"/jobs/{job}/addtaskcollection", both).body["value"]
    assert [result["status"] for result in results] == ["clienterror", "Success"]
    assert results[0]["error"]["code"] == "InvalidApplicationPackageReferences"


def test_version_that_is_deleted_before_the_task_runs_fails_it(
    client: BatchClient, packages: Packages, name: str, application: str
) -> None:
    packages.publish(application, "1", archive(v="1"))
    make_job(client, name, name)
    client.create_task(
        name, task("t", "true", constraints={"maxTaskRetryCount": 3}, **uses(reference(application, "1")))
    )
    packages.delete(application, "1")
    make_pool(client, name)
    done = completed(client, name, "t")
    assert (failure_code(done), execution(done).retry_count) == ("ApplicationPackageError", 0)


def test_package_that_is_no_archive_fails_its_tasks(
    client: BatchClient, packages: Packages, job: str, application: str
) -> None:
    packages.publish(application, "1", b"no archive at all")
    done = run(client, job, task("t", "true", **uses(reference(application, "1"))))
    assert failure_code(done) == "ApplicationPackageError"


def test_small_package_that_unpacks_to_gigabytes_fails_its_tasks_and_says_so(
    client: BatchClient, packages: Packages, job: str, application: str
) -> None:
    packages.publish(application, "1", bomb())
    done = run(client, job, task("t", "true", **uses(reference(application, "1"))))
    assert failure_code(done) == "ApplicationPackageError"
    failure = execution(done).failure_info
    assert failure is not None
    assert "more than 100 times as much" in str(failure.message)


def bomb() -> bytes:
    """Two gigabytes of nothing, by the word of the archive's directory."""
    content = bytearray(archive(a="x" * 100))
    size_at = content.index(b"PK\1\2") + 24
    content[size_at : size_at + 4] = (2 << 30).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("unpacked", "packed", "free", "reason"),
    [
        (0, 0, 0, "disk has 0 free"),
        (10 << 20, 1 << 20, 1 << 30, None),
        (1 << 30, 1000, 2 << 30, None),
        ((1 << 30) + 1, 1000, 2 << 30, "more than 100 times as much"),
        (20 << 30, 1 << 30, 30 << 30, None),
        (20 << 30, 1 << 30, 20 << 30, "of which 67108864 stay free"),
    ],
)
def test_archive_is_refused_by_its_sizes(unpacked: int, packed: int, free: int, reason: str | None) -> None:
    answer = archive_limits.excess(unpacked=unpacked, packed=packed, free=free)
    assert answer is None if reason is None else reason in str(answer)


def test_packages_of_the_same_version_are_not_mistaken_for_each_other(
    client: BatchClient, packages: Packages, one_node: str, name: str, application: str
) -> None:
    make_job(client, name, one_node)
    both = [f"{application}a", f"{application}b"]
    for one in both:
        packages.publish(one, "1", archive(v=one))
    variables = " ".join(f"$AZ_BATCH_APP_PACKAGE_{one.replace('-', '_')}/v" for one in both)
    run(client, name, task("t", sh(f"cat {variables}"), **uses(*(reference(one, "1") for one in both))))
    assert read(client, name, "t").decode() == "".join(both)


def test_pool_whose_package_cannot_be_installed_has_unusable_nodes(
    client: BatchClient, packages: Packages, name: str, application: str
) -> None:
    packages.publish(application, "1", b"no archive at all")
    make_pool(client, name, **uses(reference(application, "1")))
    (node,) = wait_for_nodes(client, name, nodes=1, state="unusable")
    assert [error.code for error in node.errors or []] == ["ApplicationPackageError"]


def test_names_in_an_archive_do_not_lead_out_of_its_directory(
    client: BatchClient, service: Status, packages: Packages, job: str, application: str
) -> None:
    packages.publish(application, "1", archive(**{"../../escaped": "x", "/absolute": "y"}))
    run(client, job, task("t", "true", **uses(reference(application, "1"))))
    assert list((Path(service.state_dir) / "nodes").glob("*/escaped")) == []
    assert list((Path(service.state_dir) / "nodes").glob("escaped")) == []
    assert not Path("/absolute").exists()


def test_data_plane_shows_applications_with_their_active_versions(
    client: BatchClient, packages: Packages, application: str
) -> None:
    packages.publish(application, "2", archive(v="2"))
    packages.publish(application, "1", archive(v="1"))
    packages.management.application_package.create(GROUP, ACCOUNT, application, "pending")
    found = client.get_application(application.upper())
    assert (found.id, sorted(found.versions)) == (application, ["1", "2"])
    listed = {item.id: sorted(item.versions) for item in client.list_applications(max_results=1)}
    assert listed[application] == ["1", "2"]
    with pytest.raises(ResourceNotFoundError) as refusal:
        client.get_application("none")
    assert error_code(refusal.value) == "ApplicationNotFound"
