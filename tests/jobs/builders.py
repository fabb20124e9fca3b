"""Job files and environments for tests, from the parts that matter to them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from shoal.environment import Authentication, Containers, Environment, Package, Pool
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import JobFile, read_job_file
from shoal.jobs.tasks.task_bodies import all_tasks

ENVIRONMENT = Environment(
    project="shoal",
    stack="local",
    subscription_id="00000000-0000-0000-0000-000000000000",
    resource_group="shoal-local",
    location="westeurope",
    arm_endpoint="http://127.0.0.1:4711",
    batch_account="shoal",
    batch_endpoint="http://127.0.0.1:4711/shoal",
    storage_account="store",
    storage_resource_group="shoal-local",
    blob_endpoint="http://127.0.0.1:4712/store",
    authentication=Authentication.SHARED_KEY,
    containers=Containers(inputs="inputs", outputs="outputs", logs="logs"),
    node_identity=None,
    pools={"spot": Pool(id="spot-pool", vm_size="standard_d2s_v3", task_slots_per_node=4)},
    packages={"var": Package(application="var-app", version="0a1b.2")},
)
IDENTITY = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
WITH_IDENTITY = replace(ENVIRONMENT, node_identity=IDENTITY)


def job_file(folder: Path, text: str, **given: Any) -> JobFile:
    """`given` are parameters; the run is called `r1`."""
    path = folder / "job.yaml"
    path.write_text(text)
    return read_job_file(path, given=given, run="r1")


def bound(folder: Path, text: str, environment: Environment = ENVIRONMENT, **given: Any) -> BoundJob:
    return bind(job_file(folder, text, **given), environment)


def tasks(folder: Path, text: str, environment: Environment = ENVIRONMENT, **given: Any) -> list[dict[str, Any]]:
    return list(all_tasks(bound(folder, text, environment, **given)))


def one_stage(stage: str, *, parameters: str = "{}") -> str:
    """A job file around the lines of one stage."""
    lines = "\n".join(f"    {line}" for line in stage.strip("\n").splitlines())
    return f"parameters: {parameters}\njob: {{pool: spot, id: 'job-{{{{ run }}}}'}}\nstages:\n  - name: work\n{lines}\n"
