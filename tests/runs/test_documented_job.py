"""The whole job file of docs/jobs.md, from its lines to its fetched results."""

import csv
import re
import shutil
from pathlib import Path

from shoal.service_status import Status
from tests.environments import shoal
from tests.services import REPOSITORY

NAME = "documented"
"""Other tests deploy the stack `local` of this project to the same service."""
EXAMPLE = REPOSITORY / "examples" / "var"
STACK = """\
config:
  shoal:service: embedded
  shoal:authentication: shared_key
  shoal:resourceGroup: documented
  shoal:batchAccount: documentedbatch
  shoal:storageAccount: documentedstore
  shoal:packages:
    - {name: var, directory: app}
  shoal:pools:
    - {name: spot, vmSize: standard_d2s_v3, image: ubuntu-24.04, taskSlotsPerNode: 4, spotNodes: 2, packages: [var]}
"""


def project(directory: Path) -> None:
    """The repository's program with the application of the example, and the job file of the page beside its input."""
    for path in (REPOSITORY / "Pulumi.yaml", REPOSITORY / "__main__.py", EXAMPLE / "prices.csv"):
        shutil.copy(path, directory)
    shutil.copytree(EXAMPLE / "app", directory / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (directory / f"Pulumi.{NAME}.yaml").write_text(STACK)
    page = (REPOSITORY / "docs" / "jobs.md").read_text()
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "stages:" in block)
    (directory / "sweep.yaml").write_text(text)


def test_whole_file_of_the_page_runs_to_its_merged_table_and_chart(service: Status, tmp_path: Path) -> None:
    project(tmp_path)
    shoal(service, tmp_path, "up", "-y", "-s", NAME).check_returncode()
    values = ("-p", "seeds=1", "-p", "paths=200", "--job", "documented")
    done = shoal(service, tmp_path, "run", "sweep.yaml", *values, "--out", "results", "-s", NAME)
    shoal(service, tmp_path, "down", "-y", "-s", NAME).check_returncode()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "25 succeeded, 0 failed" in done.stdout
    with (tmp_path / "results" / "merge" / "merge" / "var.csv").open() as table:
        points = {(row["ticker"], row["horizon"], row["confidence"]) for row in csv.DictReader(table)}
    assert len(points) == 24
    assert (tmp_path / "results" / "merge" / "merge" / "var.svg").read_text().startswith("<svg")
