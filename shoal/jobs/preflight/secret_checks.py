"""Checks of a job's secrets: in the local store for the embedded service, readable by the nodes in Azure."""

from collections.abc import Iterator

from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.task_spec import Secret
from shoal.jobs.preflight.finding import Finding
from shoal.jobs.secrets.local_store import secret_file


def secret_findings(job: BoundJob) -> Iterator[Finding]:
    for name, secret in job.job_file.spec.job.secrets.items():
        sentence = _unstored(name) if job.environment.is_embedded else _unreadable(job, name, secret)
        if sentence:
            yield Finding(place=("job", "secrets", name), sentence=sentence)


def _unstored(name: str) -> str:
    if secret_file(name).is_file():
        return ""
    return f"this machine has no secret '{name}'; `shoal secrets set {name}` reads it from stdin"


def _unreadable(job: BoundJob, name: str, secret: Secret) -> str:
    if secret.key_vault is None:
        return f"secret '{name}' has no key_vault, without which it is known on the embedded service only"
    if job.environment.node_identity is None:
        return f"the nodes have no identity by which they could read secret '{name}'; give the stack's pools one"
    return ""
