"""The closed sets of words: in the enums, in the schema's CHECKs and in the SQL they are the same, and Azure's."""

import ast
import re
import sqlite3
from enum import Enum, StrEnum
from pathlib import Path

import pytest
from azure.batch import models

from shoal.local import store
from shoal.local.store import states
from shoal.local.store.database import open_database

FOLDER = Path(store.__file__).parent
COLUMNS: dict[tuple[str, str], type[StrEnum]] = {
    ("application_versions", "state"): states.PackageState,
    ("job_node_tasks", "kind"): states.JobNodeTaskKind,
    ("job_node_tasks", "result"): states.TaskResult,
    ("job_node_tasks", "state"): states.JobNodeTaskState,
    ("job_schedules", "state"): states.JobScheduleState,
    ("jobs", "on_all_tasks_complete"): states.AllTasksCompleteMode,
    ("jobs", "state"): states.JobState,
    ("nodes", "state"): states.NodeState,
    ("pools", "allocation_state"): states.AllocationState,
    ("pools", "deallocation_option"): states.NodeDeallocationOption,
    ("pools", "fill"): states.NodeFillType,
    ("pools", "state"): states.PoolState,
    ("subtasks", "result"): states.TaskResult,
    ("subtasks", "state"): states.SubtaskState,
    ("task_counts", "result"): states.TaskResult,
    ("task_counts", "state"): states.CountedState,
    ("tasks", "result"): states.TaskResult,
    ("tasks", "state"): states.TaskState,
}
AZURES: dict[type[StrEnum], type[Enum]] = {
    states.AllTasksCompleteMode: models.BatchAllTasksCompleteMode,
    states.AllocationState: models.AllocationState,
    states.DisableJobOption: models.DisableBatchJobOption,
    states.JobNodeTaskState: models.BatchJobPreparationTaskState,
    states.JobScheduleState: models.BatchJobScheduleState,
    states.JobState: models.BatchJobState,
    states.NodeDeallocationOption: models.BatchNodeDeallocationOption,
    states.NodeDisableSchedulingOption: models.BatchNodeDisableSchedulingOption,
    states.NodeFillType: models.BatchNodeFillType,
    states.NodeState: models.BatchNodeState,
    states.PoolState: models.BatchPoolState,
    states.StartTaskState: models.BatchStartTaskState,
    states.SubtaskState: models.BatchSubtaskState,
    states.TaskFailureMode: models.BatchTaskFailureMode,
    states.TaskResult: models.BatchTaskExecutionResult,
    states.TaskState: models.BatchTaskState,
}


def checked_words() -> dict[tuple[str, str], set[str]]:
    """Return the words in each column's CHECK; the empty text in `task_counts` stands for no result yet."""
    text = re.sub(r"--[^\n]*", "", (FOLDER / "schema.sql").read_text())
    return {
        (table, column): set(re.findall(r"'(\w+)'", words))
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\) STRICT", text, re.DOTALL)
        for column, words in re.findall(r"CHECK \(\s*(\w+) ((?:IN|=)[^)]*)\)", body)
    }


def test_checks_hold_the_words_of_the_enums() -> None:
    assert checked_words() == {column: set(enum) for column, enum in COLUMNS.items()}


@pytest.mark.parametrize("enum", AZURES)
def test_enums_hold_the_words_of_azure(enum: type[StrEnum]) -> None:
    assert [str(word) for word in enum] == [str(word.value) for word in AZURES[enum]]


def test_unknown_state_is_refused_by_the_database(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "batch.db")
    add = (
        "INSERT INTO tasks (job, id, definition, slots, max_retries, blockers, state, state_time, created,"
        " last_modified) VALUES (1, ?, x'7B7D', 1, 0, 0, ?, 0, 0, 0)"
    )
    connection.execute(add, ("good", states.TaskState.RUNNING))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(add, ("bad", "runing"))


def sql_texts() -> list[str]:
    """Return the texts below shoal/local that compare or set a state."""
    sources = [ast.parse(path.read_text()) for path in sorted(FOLDER.parent.rglob("*.py"))]
    texts = [node.value for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and re.search(r"state (=|!=|IN) ", text)]


def test_words_written_out_in_sql_are_states() -> None:
    written = {word for text in sql_texts() for word in re.findall(r"'(\w+)'", text)}
    known = {str(word) for enum in COLUMNS.values() for word in enum}
    assert written
    assert written <= known
