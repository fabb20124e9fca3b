from typing import Any

import pytest
from azure.batch.models import BatchTask

from shoal.runs.exit_conditions import satisfies_dependents

SATISFY, BLOCK = {"dependencyAction": "satisfy"}, {"dependencyAction": "block"}
CODES = {"exitCodes": [{"code": 3, "exitOptions": BLOCK}, {"code": 0, "exitOptions": BLOCK}]}
RANGES = {"exitCodeRanges": [{"start": 3, "end": 5, "exitOptions": SATISFY}]}


def ended(conditions: dict[str, Any] | None, exit_code: int | None, failure: str | None) -> BatchTask:
    execution: dict[str, Any] = {"retryCount": 0, "requeueCount": 0, "result": "failure" if failure else "success"}
    if failure:
        execution["failureInfo"] = {"category": "usererror", "code": failure}
    if exit_code is not None:
        execution["exitCode"] = exit_code
    return BatchTask({"id": "t", "executionInfo": execution, "exitConditions": conditions})


@pytest.mark.parametrize(
    ("conditions", "exit_code", "failure", "satisfies"),
    [
        (None, 0, None, True),
        (None, 1, "FailureExitCode", False),
        (None, 0, "FileUploadAccessDenied", False),
        ({"default": SATISFY}, 1, "FailureExitCode", True),
        ({"default": BLOCK}, 0, None, True),
        ({"default": SATISFY, **CODES}, 3, "FailureExitCode", False),
        ({"default": SATISFY, **CODES}, 4, "FailureExitCode", True),
        ({**CODES}, 0, None, False),
        ({**RANGES}, 3, "FailureExitCode", True),
        ({**RANGES}, 5, "FailureExitCode", True),
        ({**RANGES}, 6, "FailureExitCode", False),
        ({**CODES, **RANGES}, 3, "FailureExitCode", False),
        ({**CODES, **RANGES}, 4, "FailureExitCode", True),
        ({"preProcessingError": SATISFY}, None, "BlobNotFound", True),
        ({"preProcessingError": SATISFY}, 1, "FailureExitCode", False),
        ({"preProcessingError": BLOCK, "default": SATISFY}, None, "CommandProgramNotFound", False),
        ({"default": SATISFY}, None, "BlobNotFound", True),
        ({"fileUploadError": SATISFY}, 0, "FileUploadContainerNotFound", True),
        ({"fileUploadError": BLOCK, "default": SATISFY}, 0, "FileUploadMiscError", False),
        ({"default": SATISFY}, 0, "FileUploadMiscError", True),
        ({"fileUploadError": SATISFY, **CODES}, 0, "FileUploadMiscError", False),
        ({"preProcessingError": SATISFY}, None, "TaskEnded", False),
        ({"default": SATISFY, **CODES}, 3, "TaskEnded", True),
        ({"exitCodes": [{"code": 3, "exitOptions": {"jobAction": "none"}}]}, 3, "FailureExitCode", False),
    ],
)
def test_condition_that_applies_decides_for_the_dependents(
    conditions: dict[str, Any] | None, exit_code: int | None, failure: str | None, satisfies: bool
) -> None:
    assert satisfies_dependents(ended(conditions, exit_code, failure)) is satisfies
