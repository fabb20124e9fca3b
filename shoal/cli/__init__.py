"""The command `shoal`: arguments in, one call, output out.

Modules here import click and nothing heavy; what a command needs is imported inside its function, so that
`shoal --help` and completion answer at once.
"""

import os
import sys
from pathlib import Path

import click

from shoal.cli import (
    azure,
    check,
    deploy,
    disable,
    env,
    fetch,
    files,
    formulas,
    imports,
    init,
    job_files,
    local,
    manifests,
    nodes,
    options,
    packages,
    plan,
    pools,
    pull_request,
    report,
    resize,
    retry,
    run,
    runs,
    schedules,
    secrets,
    ssh,
    top,
    ui,
    watch,
    why,
)
from shoal.cli.sections import SectionedGroup
from shoal.cli.standard_output import checked_output
from shoal.errors import ShoalError
from shoal.service_status import trust_running_service


@click.group(cls=SectionedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shoal")
@options.directory
def shoal(directory: Path | None) -> None:
    """Azure Batch as code: deploy pools, submit sweeps and fetch results, in Azure or on this machine."""
    if directory is not None:
        os.chdir(directory)
    # Here, for all commands: Azure's clients take these variables when they are made, and programs inherit them.
    trust_running_service(os.environ)


shoal.add_section(
    "Stacks",
    *(deploy.up, deploy.preview, deploy.down, deploy.outputs, pull_request.comment, env.env),
    *(pools.pools, packages.packages, resize.resize, ssh.ssh),
)
shoal.add_section("Job files", check.check, plan.plan, job_files.render, job_files.submit, run.run, job_files.schema)
shoal.add_section(
    "Jobs",
    *(ui.ui, top.top, watch.watch, why.why, retry.retry, fetch.fetch, report.report, runs.logs, files.files),
    *(manifests.reproduce, manifests.diff),
    *(runs.jobs, runs.tasks, nodes.nodes, disable.disable, disable.enable, runs.cancel, runs.rm),
    schedules.schedules,
)
shoal.add_section("Tools", init.init, imports.import_, secrets.secrets, local.local, azure.azure, formulas.autoscale)


def main() -> None:
    """Exit codes: 0 done, 1 the work failed, 2 wrong usage or bad input, 130 interrupted."""
    try:
        with checked_output():
            # Not standalone, so that errors come here; click then returns the code that a command exits with.
            code = shoal(standalone_mode=False) or 0
        sys.exit(code)
    except ShoalError as exc:
        click.echo(f"error: {exc}", err=True)
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
