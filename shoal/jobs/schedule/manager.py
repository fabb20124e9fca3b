"""The task that adds the others to a job of a schedule, on a node, by the program `add_tasks.sh`.

Source: Batch REST, Job Schedule - Add, JobManagerTask (2025-06-01): by default it would take its node for itself, and
end the job with it.
"""

import shlex
from pathlib import Path
from typing import Any

from shoal.environment import Environment
from shoal.jobs.barrier_ids import MANAGER

PROGRAM = Path(__file__).with_name("add_tasks.sh")
RETRIES = 2


def manager_task(environment: Environment, *, folder: str, collections: int, placeholder: str) -> dict[str, Any]:
    identity = environment.node_identity or ""
    words = ["/bin/sh", "-c", PROGRAM.read_text(), "sh", folder, str(collections), placeholder, identity]
    return {
        "id": MANAGER,
        "commandLine": shlex.join(words),
        "resourceFiles": [
            {
                "storageContainerUrl": f"{environment.blob_endpoint}/{environment.containers.inputs}",
                "blobPrefix": f"{folder}/",
                "identityReference": {"resourceId": identity},
            }
        ],
        "constraints": {"maxTaskRetryCount": RETRIES},
        "killJobOnCompletion": False,
        "runExclusive": False,
        "requiredSlots": 1,
    }
