"""Runs leave manifests, and run again from them, on a real service."""

import json
import shutil
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shoal.connect import Services, connected
from shoal.environment import Environment, to_json
from shoal.jobs.run_folder import run_folder
from shoal.manifest.storage import PREFIX
from shoal.service_status import Status
from tests.environments import shoal as run_shoal

SECRETS = ("hunter2-very-secret", "plain-in-the-environment", "SIGNATURE123")
JOB = """\
parameters:
  factor: {type: int, default: 2}
  api_token: {type: str, default: hunter2-very-secret}
job:
  pool: spot
  environment: {DB_PASSWORD: plain-in-the-environment}
stages:
  - name: times
    for_each: {table: table.csv}
    command: "# https://host/x?sv=1&sig=SIGNATURE123\\n echo {{ a * b * factor }} {{ run }} > out.txt"
    outputs: [{pattern: out.txt}]
  - name: copy
    for_each: {product: {file: {files: "data/*.txt"}}}
    inputs: [{from: "{{ file }}"}]
    command: cat {{ file }} > out.txt
    outputs: [{pattern: out.txt}]
"""
INCLUDING = "include: ../common/factor.yaml\nmacros: m.j2\nparameters:\n"
PLAIN = (
    JOB.replace(" echo {{ a * b * factor }}", " echo {{ scaled(a * b, factor) }}")
    .replace(
        "parameters:\n  factor: {type: int, default: 2}\n",
        INCLUDING,
    )
    .replace("hunter2-very-secret", "''")
    .replace("plain-in-the-environment", "''")
    .replace("# https://host/x?sv=1&sig=SIGNATURE123\\n ", "")
)
RANDOM = """\
job: {pool: spot}
stages: [{name: draw, command: "cat /proc/sys/kernel/random/uuid > out.txt", outputs: [{pattern: out.txt}]}]
"""
Shoal = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    job_id: str
    directory: Path
    manifest: dict[str, Any]

    @property
    def file(self) -> Path:
        return self.directory / "results" / f"{self.job_id}-manifest.json"

    @property
    def folder(self) -> str:
        return run_folder(self.job_id, self.manifest["run_id"])


@pytest.fixture(scope="module")
def shoal(service: Status, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Shoal:
    document = tmp_path_factory.mktemp("environment") / "environment.json"
    document.write_text(json.dumps(to_json(environment)))
    return lambda *words, at: run_shoal(service, at, *words, "--environment", str(document))


def write_project(directory: Path, job: str) -> None:
    (directory / "data").mkdir()
    (directory.parent / "common").mkdir(exist_ok=True)
    (directory.parent / "common" / "factor.yaml").write_text("parameters: {factor: {type: int, default: 2}}\n")
    (directory / "m.j2").write_text("{% macro scaled(value, factor) %}{{ value * factor }}{% endmacro %}\n")
    (directory / "job.yaml").write_text(job)
    (directory / "table.csv").write_text("a,b\n1,2\n3,4\n")
    for name in ("x", "y"):
        (directory / "data" / f"{name}.txt").write_text(f"{name}\n")


def run(shoal: Shoal, directory: Path, *words: str) -> Run:
    job_id = f"m-{uuid.uuid4().hex[:8]}"
    ran = shoal("run", "job.yaml", "--job", job_id, *words, at=directory)
    assert ran.returncode == 0, ran.stderr
    file = directory / "results" / f"{job_id}-manifest.json"
    return Run(job_id=job_id, directory=directory, manifest=json.loads(file.read_text()))


@pytest.fixture(scope="module")
def plain(shoal: Shoal, tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("plain")
    write_project(directory, PLAIN)
    return run(shoal, directory, "-p", "factor=5")


def test_run_leaves_a_manifest_beside_its_results(plain: Run, environment: Environment) -> None:
    manifest = plain.manifest
    assert (manifest["job_id"], manifest["file"]["name"], manifest["file"]["text"]) == (plain.job_id, "job.yaml", PLAIN)
    assert manifest["parameters"] == {"factor": 5, "api_token": ""}
    assert {name: stage["tasks"] for name, stage in manifest["tasks"].items()} == {"times": 2, "copy": 2}
    assert sorted(manifest["further_files"]) == ["../common/factor.yaml", "m.j2"]
    assert sorted(manifest["inputs"]) == ["data/x.txt", "data/y.txt", "table.csv"]
    assert "ubuntu" in manifest["pool"]["image"]
    assert manifest["environment"] == to_json(environment)
    assert sorted(manifest["versions"]) == ["azure-batch", "jinja2", "python", "shoal"]
    assert len(manifest["results"]) == 4
    assert {name.partition("/")[0] for name in manifest["results"]} == {"times", "copy"}


def test_deterministic_run_is_reproduced_byte_for_byte_from_any_directory(
    shoal: Shoal, plain: Run, tmp_path: Path
) -> None:
    again = shoal("reproduce", str(plain.file), "--out", "again", at=tmp_path)
    assert again.returncode == 0, again.stderr
    same = "job file, files that it includes, parameters, withheld parameters, tasks, job, packages, inputs"
    assert f"the same: {same}" in again.stdout
    assert "results: 4 are the same byte for byte" in again.stdout
    outputs = sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("out.txt"))
    assert [str(path) for path in outputs] == sorted(plain.manifest["results"])
    for path in outputs:
        first = plain.directory / "results" / plain.job_id / path
        assert (tmp_path / "again" / path).read_bytes() == first.read_bytes()


def test_check_says_what_differs_and_runs_nothing(shoal: Shoal, plain: Run, tmp_path: Path) -> None:
    changed = {**plain.manifest, "packages": {"tool": {"application": "tool", "version": "old"}}}
    (tmp_path / "old.json").write_text(json.dumps(changed))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("another content, which is not that of the run")
    before = shoal("jobs", at=tmp_path).stdout
    checked = shoal("reproduce", "old.json", "--check", "-p", "factor=6", at=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "differs: parameters.factor: 5 → 6\n" in checked.stdout
    assert "differs: packages.tool: {'application': 'tool', 'version': 'old'} → (none)\n" in checked.stdout
    assert "differs: tasks.times.digest: " in checked.stdout
    assert "tasks.copy" not in checked.stdout
    unknown = shoal("reproduce", "old.json", "--check", "-p", "UNKNOWN=1", at=tmp_path)
    assert (unknown.returncode, unknown.stderr.startswith("error: -p UNKNOWN: job.yaml has no such parameter")) == (
        2,
        True,
    )
    assert shoal("jobs", at=tmp_path).stdout == before


def test_results_that_differ_are_named_and_end_with_1(shoal: Shoal, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(RANDOM)
    first = run(shoal, tmp_path)
    again = shoal("reproduce", first.job_id, "--json", "--job", f"{first.job_id}-b", at=tmp_path)
    assert again.returncode == 1
    assert json.loads(again.stdout)["results"]["differing"] == ["draw/draw/out.txt"]
    assert f"error: the results are not those of {first.folder}\n" in again.stderr
    compared = shoal("diff", first.job_id, f"{first.job_id}-b", at=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert "  draw/draw/out.txt differs\n" in compared.stdout


def test_two_files_are_compared_without_a_service(shoal: Shoal, plain: Run, tmp_path: Path) -> None:
    other = {**plain.manifest, "file": {**plain.manifest["file"], "sha256": "x", "text": PLAIN.replace("cat", "cp")}}
    (tmp_path / "other.json").write_text(json.dumps(other))
    compared = run_shoal_without_service(tmp_path, "diff", str(plain.file), "other.json")
    assert compared.returncode == 0, compared.stderr
    assert f"differs: file.sha256: {plain.manifest['file']['sha256']} → x\n" in compared.stdout
    assert "-    command: cat {{ file }} > out.txt\n+    command: cp {{ file }} > out.txt\n" in compared.stdout
    same = json.loads(run_shoal_without_service(tmp_path, "diff", "other.json", "other.json", "--json").stdout)
    assert (same["differences"], same["results"]["same"]) == ([], 4)


def run_shoal_without_service(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    import sys

    command = [sys.executable, "-m", "shoal", *words]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)


def test_secrets_are_in_no_manifest_and_are_asked_for(
    shoal: Shoal, service: Status, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, JOB)
    first = run(shoal, tmp_path)
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        stored = stored_text(services, environment, first.folder)
    for text in (first.file.read_text(), stored):
        assert not [secret for secret in SECRETS if secret in text]
        assert service.key not in text
        assert service.storage_key not in text
    assert (first.manifest["withheld"], first.manifest["file"]["is_whole"]) == (["api_token"], False)
    refused = shoal("reproduce", first.job_id, at=tmp_path)
    assert (refused.returncode, refused.stderr) == (
        2,
        "error: the manifest has no secrets, such as the value of api_token; pass -p api_token=…\n",
    )
    refused = shoal("reproduce", first.job_id, "-p", f"api_token={SECRETS[0]}", at=tmp_path)
    assert refused.returncode == 2
    assert "give the file with --file FILE" in refused.stderr
    checked = shoal(
        "reproduce", first.job_id, "-p", f"api_token={SECRETS[0]}", "--file", "job.yaml", "--check", at=tmp_path
    )
    assert "the same: job file, files that it includes, parameters, withheld parameters, tasks" in checked.stdout


def test_inputs_that_are_gone_from_storage_are_taken_from_here_or_refused(
    shoal: Shoal, service: Status, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, PLAIN)
    (tmp_path / "data" / "x.txt").write_text(uuid.uuid4().hex)
    first = run(shoal, tmp_path)
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        container = services.blobs.get_container_client(environment.containers.inputs)
        container.delete_blob(first.manifest["inputs"]["data/x.txt"])
    assert shoal("reproduce", str(first.file), "--check", at=tmp_path).returncode == 0
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(first.file, tmp_path / "elsewhere" / "m.json")
    refused = shoal("reproduce", "m.json", at=tmp_path / "elsewhere")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: 1 inputs of the run are gone: ")
    assert f"  data/x.txt ({first.manifest['inputs']['data/x.txt']})\n" in refused.stderr


def test_rm_with_outputs_deletes_the_manifest(shoal: Shoal, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(RANDOM)
    first = run(shoal, tmp_path)
    assert shoal("rm", "-y", first.job_id, at=tmp_path).returncode == 0
    assert shoal("diff", first.folder, first.folder, at=tmp_path).returncode == 0
    assert shoal("rm", "-y", first.job_id, "--outputs", at=tmp_path).returncode == 0
    gone = shoal("diff", first.folder, first.folder, at=tmp_path)
    assert (gone.returncode, gone.stderr) == (
        2,
        f"error: there is no manifest of {first.folder}, neither a file nor one in storage\n",
    )


def stored_text(services: Services, environment: Environment, folder: str) -> str:
    blob = services.blobs.get_blob_client(environment.containers.outputs, f"{PREFIX}{folder}.json")
    return str(blob.download_blob().readall().decode())


SHARED = {
    "up/base.yaml": 'stages: [{name: copy, command: "cat job/main.yaml > {{ named(1) }}", '
    'inputs: [{from: main.yaml, to: job/main.yaml}], outputs: [{pattern: "*.txt"}]}]\n',
    "up/job.yaml": "include: base.yaml\njob: {pool: spot}\n",
    "job/macros.j2": "{% macro named(x) %}out-{{ x }}.txt{% endmacro %}\n",
    "job/main.yaml": "include: ../up/job.yaml\nmacros: [macros.j2]\n",
}
"""A job file in `job` that includes others beside its folder, has macros, and is an input of its own task."""


def write_shared(directory: Path, **changed: str) -> Path:
    for name, text in (SHARED | changed).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory / "job"


def test_job_file_that_includes_others_and_has_macros_is_reproduced_on_another_machine(
    shoal: Shoal, tmp_path: Path
) -> None:
    job_id, folder = f"shared-{uuid.uuid4().hex[:8]}", write_shared(tmp_path / "first")
    assert shoal("run", "main.yaml", "--job", job_id, at=folder).returncode == 0
    here = shoal("reproduce", job_id, "--check", at=folder)
    assert here.returncode == 0, here.stderr
    (tmp_path / "elsewhere").mkdir()
    shutil.rmtree(folder.parent / "up")
    again = shoal("reproduce", job_id, "--out", "again", at=tmp_path / "elsewhere")
    assert again.returncode == 0, again.stderr
    assert "files that it includes" in again.stdout
    assert (tmp_path / "elsewhere" / "again" / "copy" / "copy" / "out-1.txt").read_text() == SHARED["job/main.yaml"]


def test_diff_shows_changed_lines_of_included_files(plain: Run, tmp_path: Path) -> None:
    part = {"name": "base.yaml", "sha256": "x", "text": "job: {pool: spot}\n", "is_whole": True}
    for name, text in (("one", part["text"]), ("other", "job: {pool: small}\n")):
        parts = {"lib/base.yaml": {**part, "sha256": name, "text": text}}
        (tmp_path / f"{name}.json").write_text(json.dumps({**plain.manifest, "further_files": parts}))
    compared = run_shoal_without_service(tmp_path, "diff", "one.json", "other.json")
    assert compared.returncode == 0, compared.stderr
    assert "differs: further_files.lib/base.yaml.sha256: one → other\n" in compared.stdout
    assert "-job: {pool: spot}\n+job: {pool: small}\n" in compared.stdout


def test_secrets_of_included_files_are_in_no_manifest_and_come_from_beside_the_given_file(
    shoal: Shoal, tmp_path: Path
) -> None:
    secret = "job: {pool: spot, environment: {DB_PASSWORD: plain-in-an-included-file}}\ninclude: base.yaml\n"
    job_id, folder = f"shared-{uuid.uuid4().hex[:8]}", write_shared(tmp_path, **{"up/job.yaml": secret})
    assert shoal("run", "main.yaml", "--job", job_id, at=folder).returncode == 0
    assert "plain-in-an-included-file" not in (folder / "results" / f"{job_id}-manifest.json").read_text()
    refused = shoal("reproduce", job_id, "--check", at=tmp_path)
    assert refused.returncode == 2
    assert "the manifest has job.yaml without the secrets in it; give the file with --file FILE" in refused.stderr
    checked = shoal("reproduce", job_id, "--check", "--file", "job/main.yaml", at=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "the same: job file, " in checked.stdout
    for name, problem in (("nothing.yaml", "No such file or directory"), ("job", "Is a directory")):
        refused = shoal("reproduce", job_id, "--check", "--file", name, at=tmp_path)
        assert (refused.returncode, refused.stderr) == (2, f"error: {name} cannot be read: {problem}\n")


FAN_OUT = """\
job: {pool: spot}
stages:
  - {name: split, command: "for i in 1 2; do echo $i > $i.ts; done", outputs: [{pattern: "*.ts"}]}
  - name: fan
    for_each: {outputs: split, pattern: "*.ts"}
    command: cat {{ file }} > out.txt
    inputs: [{stage: split, file: "{{ file }}"}]
    outputs: [{pattern: out.txt}]
  - name: last
    after: fan
    command: cat {{ job }}/fan/*/out.txt > out.txt
    inputs: [{stage: fan}]
    outputs: [{pattern: out.txt}]
"""


def test_run_with_a_fan_out_is_reproduced_to_its_end_and_differs_in_nothing(shoal: Shoal, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(FAN_OUT)
    first = run(shoal, tmp_path)
    checked = shoal("reproduce", first.job_id, "--check", at=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "differs: tasks" not in checked.stdout
    assert "not compared: the tasks of fan, last, which follow from files that the run makes\n" in checked.stdout
    again = shoal("reproduce", first.job_id, "--job", f"{first.job_id}-b", at=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "results: 5 are the same byte for byte\n" in again.stdout
    compared = shoal("diff", first.job_id, f"{first.job_id}-b", "--json", at=tmp_path)
    assert json.loads(compared.stdout)["differences"] == []  # the tasks' texts have the job, which is another
