"""`shoal why`: what a job or a task waits for, or why it failed."""

from typing import TYPE_CHECKING

import click

from shoal.cli import completion, options, output

if TYPE_CHECKING:
    from shoal.environment import Environment


@click.command()
@options.job_argument
@click.argument("task_id", metavar="[TASK]", type=options.batch_id, required=False, shell_complete=completion.tasks)
@options.of_environment
@options.as_json
def why(job_id: str, task_id: str | None, environment: "Environment", as_json: bool) -> None:
    """Explain what JOB, or TASK of it, waits for or why it failed.

    Prints the evidence and the next step; what blocks most tasks comes first.
    """
    from shoal.connect import connected
    from shoal.runs.why.collection import collect
    from shoal.runs.why.decision import findings
    from shoal.runs.why.explanation import explanation

    with connected(environment) as services:
        evidence = collect(services, job_id, task_id)
    found = findings(evidence)
    if as_json:
        output.emit_json(
            {"job_id": job_id, "task_id": task_id, "findings": found, "sampling": evidence.failures.sampling or None}
        )
    else:
        for line in explanation(evidence, found):
            click.echo(line)
