"""Work of one's own, brought from a blank directory: many files of very different sizes.

A table of 500 rows and a video are templates, whose projects `tests/distribution/test_templates.py` runs.
"""

import gzip
import json
import random
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal

FILES = 200
JOB = """\
job: {pool: spot}
stages:
  - name: pack
    for_each:
      product: {file: {files: "data/*.txt"}}
      order: -size
    command: gzip --stdout {{ file }} > {{ file.stem }}.gz
    inputs: [{from: "{{ file }}"}]
    outputs: [{pattern: "*.gz"}]
    logs: failure
  - name: list
    after: pack
    command: find parts -name '*.gz' | wc -l > number.txt
    inputs: [{stage: pack, to: parts}]
    outputs: [{pattern: number.txt}]
"""


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, bytes]:
    """The files that were written: from none to a megabyte, most of them small, with names that need quotes."""
    source = random.Random(200)
    (tmp_path / "data").mkdir()
    sizes = [0, 1, 1_000_000, 300_000, *(int(10 ** source.uniform(0, 4)) for _ in range(FILES - 4))]
    contents = {f"it's {number} $HOME.txt": source.randbytes(size) for number, size in enumerate(sizes)}
    for file, content in contents.items():
        (tmp_path / "data" / file).write_bytes(content)
    return contents


def test_200_files_of_very_different_sizes_are_worked_on_one_by_one_and_come_home_whole(
    service: Status, environment: Environment, contents: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    options = ("--environment", "environment.json", "--job", name)
    planned = json.loads(shoal(service, tmp_path, "plan", "job.yaml", *options, "--json").stdout)
    assert [(stage["name"], stage["tasks"]) for stage in planned["stages"]] == [("pack", FILES), ("list", 1)]
    done = shoal(service, tmp_path, "run", "job.yaml", *options, "--out", "home")
    assert done.returncode == 0, done.stderr
    packed = {path.stem: gzip.decompress(path.read_bytes()) for path in (tmp_path / "home" / "pack").rglob("*.gz")}
    assert packed == {file.removesuffix(".txt"): content for file, content in contents.items()}
    assert (tmp_path / "home/list/list/number.txt").read_text().split() == [str(FILES)]
    again = shoal(service, tmp_path, "run", "job.yaml", *options, "--out", "home")
    assert f"{FILES + 1} tasks already there, 0 added" in again.stdout
    assert f"{FILES + 1} files in home, 0 of them fetched now" in again.stdout
