"""Tasks whose storage throttles and cuts connections off."""

import hashlib

from azure.batch import BatchClient

from shoal.service_status import Status
from tests.blobs import make_container, signed_url
from tests.local.making import counts, execution, sh, task
from tests.rough_storage import rough_storage
from tests.waiting import wait_until

TASKS = 200
SCRIPT = "cat in.txt > out.txt; echo $AZ_BATCH_TASK_ID >> out.txt"


def test_no_task_fails_where_storage_throttles_and_cuts_connections(
    service: Status, client: BatchClient, job: str, name: str
) -> None:
    content = b"x" * 1000
    container = make_container(service, name, input=content)
    storage = service.blob_endpoint.removesuffix(f"/{service.storage_account}")
    with rough_storage(storage) as (rough, server):
        url = signed_url(service, container, "rwcl").replace(storage, rough)
        address, _, signature = url.partition("?")
        source = {"httpUrl": f"{address}/input?{signature}", "filePath": "in.txt"}
        added = [
            task(
                f"t{n}",
                sh(SCRIPT),
                resourceFiles=[source],
                outputFiles=[
                    {
                        "filePattern": "out.txt",
                        "destination": {"container": {"containerUrl": url, "path": f"out/t{n}"}},
                        "uploadOptions": {"uploadCondition": "taskcompletion"},
                    }
                ],
            )
            for n in range(TASKS)
        ]
        client.create_tasks(job, added)
        wait_until(lambda: counts(client, job).completed == TASKS, within=120)
        assert server.disturbed > TASKS // 2  # of at least two requests for each task
    ended = {done.id: execution(done) for done in client.list_tasks(job)}
    assert {id: end.failure_info for id, end in ended.items() if end.result != "success"} == {}
    stored = {blob.name: bytes(blob.content_settings.content_md5 or b"") for blob in container.list_blobs("out/")}
    assert stored == {
        f"out/t{n}": hashlib.md5(content + f"t{n}\n".encode(), usedforsecurity=False).digest() for n in range(TASKS)
    }
