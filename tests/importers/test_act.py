"""`shoal import act`: one job of a configuration, its pool, and a reason for all that a job file does not hold."""

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from components.settings.stack_settings import parse_settings
from shoal.cli import shoal
from shoal.errors import BadInput
from shoal.importers.act import imported_job, read_configuration
from shoal.importers.act_slots import NotCarriedOver, slots_expression
from shoal.jobs.binding.blob_lists import BlobLists, BlobName
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file import templates
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.tasks.task_bodies import all_tasks
from tests.clone import ROOT
from tests.components.values import given
from tests.jobs.builders import ENVIRONMENT, tasks

CONFIGURATION: dict[str, Any] = {
    "batch": {
        "accountName": "mybatch",
        "accountKey": "SECRET-KEY",
        "accountUrl": "https://mybatch.eastus.batch.azure.com",
    },
    "pool": {
        "id": "spot",
        "dedicatedNodeCount": 5,
        "lowPriorityNodeCount": 12,
        "taskSlotsPerNode": 16,
        "vmSize": "Standard_F16s_v2",
        "vmConfiguration": {
            "imageReference": {
                "publisher": "canonical",
                "offer": "ubuntu-24_04-lts",
                "sku": "server",
                "version": "latest",
            },
            "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        },
        "useEphemeralOSDisk": False,
        "nodeStorageContainers": {"mount": True, "containers": [{"name": "out", "blobfuseOptions": "-o allow_other"}]},
        "nodeAutoScale": {"include": False},
        "applications": {"include": True, "references": [{"id": "azcopy", "version": "10.13.0"}]},
        "startupTask": {"include": True, "command": "apt-get -y install prodigal && echo 'done'"},
    },
    "job": {"id": "genes"},
    "tasks": {
        "addCollectionStep": 10,
        "inputs": {
            "areBlobsInInputStorage": False,
            "inputFileExtension": ".fasta",
            "outputFileExtension": ".faa",
            "filterOutExistingBlobInOutputStorage": True,
            "filterOutExistingTaskInCurrentJob": True,
            "taskSlotFormula": ["requiredSlots = 1"],
            "order": {"by": "size", "type": "desc"},
        },
        "resources": {"automaticInputsUpload": True, "automaticScriptsUpload": True},
        "logs": {"automaticUpload": True, "destinationPath": "logs/", "pattern": "../std*"},
        "outputs": {"automaticUpload": True, "pattern": "*.faa", "destinationPath": "faa/"},
        "command": "./find.sh 'https://m.blob.core.windows.net/o?sv=2020&sig=SECRET%3D'",
        "commandSuffix": "--fast {{x}}",
        "retryCount": 2,
        "retentionTimeInMinutes": 1000,
    },
    "storage": {
        "accountName": "mystore",
        "accountDomain": "blob.core.windows.net",
        "accountSASToken": "?sv=2021&sig=SECRET",
        "scripts": {"container": "data", "blobPrefix": "scripts/prodigal"},
        "input": {"container": "data", "path": "inputs/", "blobPrefix": ""},
        "output": {"container": "data", "path": "output/", "blobPrefix": ""},
    },
    "cleanup": {"timeoutInMinutes": 10},
}
"""Every key of ACT's documentation."""
INPUTS = "# name,size,slots\nb.fasta,10,1\n\na.fasta,900,4\n'c d'.fasta\n"


def configuration(**tasks_inputs: Any) -> dict[str, Any]:
    changed = copy.deepcopy(CONFIGURATION)
    changed["tasks"]["inputs"] |= tasks_inputs
    return changed


def test_list_of_inputs_becomes_a_table_and_a_task_a_row(tmp_path: Path) -> None:
    job = imported_job(configuration(), inputs=INPUTS)
    for name, text in job.tables.items():
        (tmp_path / name).write_text(text)
    bodies = tasks(tmp_path, job.text("config.json"))
    assert [body["requiredSlots"] for body in bodies] == [4, 1, 1]  # the largest first
    line = bodies[0]["commandLine"]
    assert line.startswith("/bin/bash -c ")
    assert "./find.sh" in line
    assert "a.fasta --fast {{x}}" in line
    assert bodies[0]["constraints"]["maxTaskRetryCount"] == 2
    assert job.content["stages"][0]["skip"] == "exists"


def test_without_outputs_nothing_can_be_skipped_and_that_is_listed(tmp_path: Path) -> None:
    changed = configuration()
    changed["tasks"]["outputs"] = {"automaticUpload": False}
    job = imported_job(changed, inputs=INPUTS)
    assert "skip" not in job.content["stages"][0]
    assert "tasks.inputs.filterOutExistingBlobInOutputStorage" in [entry.key for entry in job.left_out]


def test_no_secret_is_in_the_job_file() -> None:
    text = imported_job(configuration(), inputs=INPUTS).text("config.json")
    assert "SECRET" not in text
    assert "signature" in text
    assert "batch.accountKey" in text


def test_pool_is_an_entry_that_a_stack_accepts() -> None:
    job = imported_job(configuration(), inputs=INPUTS)
    assert job.pool is not None
    settings = parse_settings(given(pools=[job.pool]), project="shoal", file="Pulumi.dev.yaml")
    [pool] = settings.environment_args()["pools"]
    assert (pool["name"], pool["vm_size"], pool["task_slots_per_node"]) == ("spot", "standard_f16s_v2", 16)
    assert yaml.safe_load(
        "".join(
            line.removeprefix("# ") + "\n"
            for line in job.text("x").partition("stack's file:\n")[2].splitlines()
            if line.startswith("#")
        )
    ) == [job.pool]


def test_formula_of_a_scaling_pool_is_one_text() -> None:
    changed = configuration()
    formula = ["a = $PendingTasks.GetSample(1)", "$TargetDedicatedNodes = min(3, a);"]
    changed["pool"]["nodeAutoScale"] = {"include": True, "formula": formula, "evaluationIntervalInMinutes": 10}
    pool = imported_job(changed, inputs=INPUTS).pool
    assert pool is not None
    assert pool["autoScaleFormula"] == "a = $PendingTasks.GetSample(1);\n$TargetDedicatedNodes = min(3, a);\n"
    assert pool["autoScaleEvaluationInterval"] == "PT10M"
    assert "spotNodes" not in pool


def test_every_key_is_carried_over_or_listed() -> None:
    changed = configuration()
    changed["tasks"]["colour"] = "red"
    listed = ", ".join(entry.key for entry in imported_job(changed, inputs=INPUTS).left_out)
    for key in ("batch.accountKey", "pool.applications.references", "tasks.logs.pattern", "cleanup.timeoutInMinutes"):
        assert key in listed
    unknown = [entry.key for entry in imported_job(changed, inputs=INPUTS).left_out if "no key of ACT" in entry.reason]
    assert unknown == ["tasks.colour"]


def test_page_has_every_key() -> None:
    page = (ROOT / "docs" / "coming-from-act.md").read_text()
    keys = [key for key in _keys(CONFIGURATION) if not re.search(rf"`{re.escape(key)}(\.[\w.]+)?`", page)]
    inner = ("containers", "references", "imageReference", "input", "output", "scripts")  # told with their section
    assert [key for key in keys if key.split(".")[-2] not in inner] == []


def _keys(section: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{path}{key}.")
        else:
            yield path + key


def test_without_the_list_of_inputs_the_file_says_how_to_give_it() -> None:
    notes = {entry.key: entry.reason for entry in imported_job(configuration()).left_out}
    assert "--inputs" in notes["tasks.inputs.areBlobsInInputStorage"]


SLOT_FORMULAS = [
    ["requiredSlots = 3"],
    [
        "memory = 32000000000",
        "share = memory / $pool.taskSlotsPerNode",
        "calculated = int(input_size/share) + 1",
        "requiredSlots = calculated if (input_size > share) else 1",
    ],
    ["requiredSlots = max(1, min(16, round(inputSize / 1e9)))"],
    ["requiredSlots = 2 if inputName == 'big.fa' and not inputSize < 10 else len(inputName)"],
    ["a = -2 ** 2", "requiredSlots = abs(a) + 7 // 2 - 7 % 2"],
    [],
]


@pytest.mark.parametrize("formula", SLOT_FORMULAS)
@pytest.mark.parametrize(
    ("name", "size"), [("a.fa", 0), ("big.fa", 12), ("b.fa", 3_000_000_000), ("c", 31_999_999_999)]
)
def test_slots_are_those_that_python_computes(formula: list[str], name: str, size: int, tmp_path: Path) -> None:
    values: dict[str, Any] = {"inputName": name, "input_size": size, "inputSize": size, "requiredSlots": 1}
    exec("\n".join(formula).replace("$pool.taskSlotsPerNode", "16"), values)
    expression = slots_expression(formula, {"pool.taskSlotsPerNode": 16}.__getitem__)

    class Blob(str):
        """A value of an axis of blobs."""

        size: int

    blob = Blob(name)
    blob.size = size
    place = templates.Place(path=tmp_path, line=1)
    assert (
        templates.value("{{ " + expression + " }}", place).evaluate({"input": blob, **templates.GLOBALS})
        == values["requiredSlots"]
    )


@pytest.mark.parametrize(
    "formula",
    [
        ["if inputSize > 5:", "  requiredSlots = 2"],
        ["requiredSlots = __import__('os').getpid()"],
        ["requiredSlots = [x for x in range(3)]"],
        ["requiredSlots = undefined"],
        ["requiredSlots = (1"],
        ["requiredSlots += 1"],
        ["a = inputSize + inputSize", *["a = a + a"] * 40, "requiredSlots = a"],
    ],
)
def test_formula_with_other_python_is_listed_and_never_run(formula: list[str]) -> None:
    with pytest.raises(NotCarriedOver):
        slots_expression(formula, str)
    listed = imported_job(configuration(areBlobsInInputStorage=True, taskSlotFormula=formula)).left_out
    assert "tasks.inputs.taskSlotFormula" in [entry.key for entry in listed]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: this is not valid JSON"),
        ("{\n'a': 1}", "line 2: this is not valid JSON"),
        ("[]", "the configuration must be a mapping"),
        ("{}", "job.id and pool.id must be there"),
        ('{"job": 3}', "job must be a mapping"),
        (
            '{"job": {"id": "a"}, "pool": {"id": "p", "taskSlotsPerNode": "many"}, "tasks": {"command": "x"}}',
            "a whole number",
        ),
        ('{"job": {"id": "a"}, "pool": {"id": "p"}, "tasks": {}}', "tasks.command is missing"),
        (
            '{"job": {"id": "a"}, "pool": {"id": "p"}, "tasks": {"command": "x", "inputs": {"order": {"by": "age"}}}}',
            "by: name",
        ),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_wrong_configuration_is_one_message(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        imported_job(read_configuration(path))


@pytest.mark.parametrize("line", ["a,many", "a,1,1.5", "a,-1"])
def test_wrong_list_of_inputs_is_told_with_its_line(line: str) -> None:
    with pytest.raises(BadInput, match=r"line 2: .* must be a whole number"):
        imported_job(configuration(), inputs=f"ok,1\n{line}\n")


def test_command_writes_job_file_and_table(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIGURATION))
    (tmp_path / "list.csv").write_text(INPUTS)
    arguments = ["import", "act", str(tmp_path / "config.json"), "--inputs", str(tmp_path / "list.csv")]
    assert "--inputs needs --out" in CliRunner().invoke(shoal, arguments).stderr
    result = CliRunner().invoke(shoal, [*arguments, "--out", str(tmp_path / "made" / "job.yaml")])
    assert result.exit_code == 0
    assert (tmp_path / "made" / "inputs.csv").read_text().splitlines()[1] == "b.fasta,10,1"
    assert "notes on what was not carried over" in result.stderr


def test_blobs_of_the_input_storage_become_tasks_with_their_blob(tmp_path: Path) -> None:
    formula = ["requiredSlots = int(input_size / 1000) + 1"]
    job = imported_job(configuration(areBlobsInInputStorage=True, taskSlotFormula=formula))
    (tmp_path / "job.yaml").write_text(job.text("config.json"))
    blobs = [BlobName("inputs/a.fasta", 10), BlobName("inputs/b.txt", 20), BlobName("inputs/d/c.fasta", 3000)]
    lists = BlobLists(
        ENVIRONMENT, lambda _, container, prefix: blobs if (container, prefix) == ("data", "inputs/") else []
    )
    bodies = list(all_tasks(bind(read_job_file(tmp_path / "job.yaml", given={}, run="r1"), ENVIRONMENT, lists)))
    assert [body["requiredSlots"] for body in bodies] == [4, 1]  # the largest first
    assert "inputs/d/c.fasta --fast" in bodies[0]["commandLine"]
    files = [(file.get("blobPrefix"), file.get("filePath")) for file in bodies[0]["resourceFiles"]]
    assert ("scripts/prodigal", None) in files
    assert any("inputs/d/c.fasta" in (file.get("httpUrl") or "") for file in bodies[0]["resourceFiles"])


FORMULA = ["requiredSlots = 1 + input_size // 100"]


@pytest.mark.parametrize(
    ("listed", "slots"),
    [("a.fa,350\nb.fa,10\n", [4, 1]), ("a.fa,350,2\nb.fa,250\n", [2, 3]), ("a.fa,350,2\nb.fa,10,5\n", [2, 5])],
)
def test_formula_gives_the_slots_of_listed_inputs_that_have_none(listed: str, slots: list[int], tmp_path: Path) -> None:
    changed = configuration(taskSlotFormula=FORMULA, order={"by": "name"})
    assert [body["requiredSlots"] for body in _listed_tasks(changed, listed, tmp_path)] == slots


def test_listed_inputs_are_ordered_by_the_slots_that_the_formula_gives(tmp_path: Path) -> None:
    changed = configuration(taskSlotFormula=FORMULA, order={"by": "slots", "type": "desc"})
    bodies = _listed_tasks(changed, "a.fa,10\nb.fa,350,2\nc.fa,950\n", tmp_path)
    assert [body["requiredSlots"] for body in bodies] == [10, 2, 1]
    [note] = [entry for entry in imported_job(changed, inputs="a.fa,10\n").left_out if "Formula" in entry.key]
    assert "where ACT itself takes 1" in note.reason


def test_formula_that_an_expression_cannot_have_is_listed_for_a_list_without_slots() -> None:
    changed = configuration(taskSlotFormula=["if inputSize > 5:", "  requiredSlots = 2"])
    listed = [entry.key for entry in imported_job(changed, inputs="a.fa,350\n").left_out]
    assert "tasks.inputs.taskSlotFormula" in listed


def test_listed_inputs_are_blobs_that_tasks_get(tmp_path: Path) -> None:
    [body] = _listed_tasks(configuration(), "inputs/a.fasta\n", tmp_path)
    addresses = [file.get("httpUrl") or "" for file in body["resourceFiles"]]
    assert any("/data/inputs/a.fasta" in address for address in addresses)


def test_list_restricts_the_blobs_of_the_input_storage(tmp_path: Path) -> None:
    job = imported_job(configuration(areBlobsInInputStorage=True), inputs="inputs/b.fasta\ninputs/gone.fasta\n")
    assert not job.tables
    (tmp_path / "job.yaml").write_text(job.text("config.json"))
    lists = BlobLists(
        ENVIRONMENT, lambda *_: [BlobName(f"inputs/{name}", 10) for name in ("a.fasta", "b.fasta", "b.txt")]
    )
    [body] = all_tasks(bind(read_job_file(tmp_path / "job.yaml", given={}, run="r1"), ENVIRONMENT, lists))
    assert "inputs/b.fasta --fast" in body["commandLine"]


def test_pinned_version_of_an_image_stays() -> None:
    changed = configuration()
    reference = changed["pool"]["vmConfiguration"]["imageReference"]
    reference["version"] = "24.04.202605010"
    pool = imported_job(changed, inputs=INPUTS).pool
    assert pool is not None
    assert pool["imageVersion"] == "24.04.202605010"
    reference["sku"] = "unknown"
    reasons = [entry.reason for entry in imported_job(changed, inputs=INPUTS).left_out]
    assert any("canonical/ubuntu-24_04-lts/unknown 24.04.202605010" in reason for reason in reasons)


def _listed_tasks(changed: dict[str, Any], listed: str, directory: Path) -> list[dict[str, Any]]:
    job = imported_job(changed, inputs=listed)
    for name, text in job.tables.items():
        (directory / name).write_text(text)
    return tasks(directory, job.text("config.json"))


@pytest.mark.parametrize("pipe", ["config.json", "list.csv"])
def test_pipe_is_no_file(pipe: str, tmp_path: Path) -> None:
    files = {"config.json": json.dumps(CONFIGURATION), "list.csv": INPUTS}
    for name, text in files.items():
        os.mkfifo(tmp_path / name) if name == pipe else (tmp_path / name).write_text(text)
    words = ["import", "act", str(tmp_path / "config.json"), "--inputs", str(tmp_path / "list.csv"), "--json"]
    with pytest.raises(BadInput, match=f"{pipe} is not a file"):
        CliRunner().invoke(shoal, words, catch_exceptions=False)
