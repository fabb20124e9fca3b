"""The beginning of a command line that gives a task its secrets, as environment variables. No value is in it."""

import shlex

from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.secrets.key_vault import PROGRAM
from shoal.jobs.secrets.local_store import secret_file

FUNCTION = "shoal_secret"


def secret_exports(job: BoundJob) -> str:
    """Return shell commands, each followed by `; `. Empty for a job without secrets.

    A task whose secret cannot be read ends with exit code 1 before its command begins.
    """
    secrets = job.job_file.spec.job.secrets
    if not secrets:
        return ""
    embedded = job.environment.is_embedded
    # On the embedded service the argument is a file, in Azure it is the address in the vault.
    sources = {name: str(secret_file(name)) if embedded else one.key_vault or "" for name, one in secrets.items()}
    exports = "".join(
        f'{name}="$({FUNCTION} {shlex.quote(source)})" || exit 1; export {name}; ' for name, source in sources.items()
    )
    return f"{FUNCTION}() {{ {_reader(job)}; }}; {exports}"


def _reader(job: BoundJob) -> str:
    if job.environment.is_embedded:
        return 'cat "$1"'
    return f'python3 -c {shlex.quote(PROGRAM)} "$1" {shlex.quote(job.environment.node_identity or "")}'
