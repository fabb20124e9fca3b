"""Tasks copied from what Batch returns of them; pure."""

from typing import Any

from shoal.runs.retry.task_copies import copied, output_prefixes, renewal, with_dependencies

ENDPOINT = "https://store.blob.core.windows.net"
OUTPUTS = f"{ENDPOINT}/outputs"


def output(path: str, condition: str, container: str = OUTPUTS) -> dict[str, Any]:
    destination = {"container": {"containerUrl": f"{container}?sig=old", "path": path}}
    return {"filePattern": "*", "destination": destination, "uploadOptions": {"uploadCondition": condition}}


def test_signatures_of_the_account_are_renewed_and_all_other_addresses_stay() -> None:
    renewed = renewal(ENDPOINT, lambda container: f"sig=for-{container}")
    task = {
        "resourceFiles": [
            {"httpUrl": f"{ENDPOINT}/inputs/0a/data.csv?sv=1&sig=old", "filePath": "data.csv"},
            {"httpUrl": "https://example.org/a?sig=theirs", "filePath": "a"},
            {"storageContainerUrl": OUTPUTS, "identityReference": {"resourceId": "/nodes"}},
            {"storageContainerUrl": f"{OUTPUTS}?sig=old", "blobPrefix": "nightly.1/square/"},
        ],
        "outputFiles": [output("nightly.1/sum/sum", "tasksuccess")],
    }
    copy = copied(task, renewed)
    assert [file.get("httpUrl") or file["storageContainerUrl"] for file in copy["resourceFiles"]] == [
        f"{ENDPOINT}/inputs/0a/data.csv?sig=for-inputs",
        "https://example.org/a?sig=theirs",
        OUTPUTS,
        f"{OUTPUTS}?sig=for-outputs",
    ]
    target = copy["outputFiles"][0]["destination"]["container"]
    assert target == {"containerUrl": f"{OUTPUTS}?sig=for-outputs", "path": "nightly.1/sum/sum"}


def test_copy_has_only_what_a_request_may_have() -> None:
    shown = {"id": "sum", "commandLine": "true", "state": "completed", "eTag": "1", "url": "u", "executionInfo": {}}
    assert copied(shown, lambda address: address) == {"id": "sum", "commandLine": "true"}


def test_copy_depends_only_on_tasks_that_are_there() -> None:
    task = {"id": "sum", "dependsOn": {"taskIds": ["square-1", "Square-2"]}}
    assert with_dependencies(task, {"square-2"}) == {"id": "sum", "dependsOn": {"taskIds": ["Square-2"]}}
    assert with_dependencies(task, set()) == {"id": "sum"}


def test_failed_attempts_may_have_left_what_is_kept_of_failures_and_half_an_upload() -> None:
    prefix = "nightly.1/square/square-1/"
    files = [
        output("nightly.1/square/square-1", "taskcompletion"),
        output("nightly.1/square/square-1/out.txt", "taskfailure"),
        output("nightly.1/square-1", "taskcompletion", container=f"{ENDPOINT}/logs"),
        output("elsewhere/square/square-1", "taskcompletion"),
    ]
    assert output_prefixes({"outputFiles": files}, OUTPUTS, "nightly.1") == [prefix]
    kept_of_success = {"outputFiles": [output("nightly.1/square/square-1", "tasksuccess")]}
    assert output_prefixes(kept_of_success, OUTPUTS, "nightly.1") == []
    half = {**kept_of_success, "executionInfo": {"failureInfo": {"code": "FileUploadAccessDenied"}}}
    assert output_prefixes(half, OUTPUTS, "nightly.1") == [prefix]
