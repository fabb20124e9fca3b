from typing import Any

import pytest

from shoal.local.scheduler.verdicts import (
    Ending,
    Verdict,
    agent_ended_failure,
    exit_options,
    failure,
    failure_info,
    is_to_blame,
    satisfies_dependents,
    terminates_job,
    verdict,
)

NO_BLOB = failure("BlobNotFound", "The specified blob does not exist")
NO_UPLOAD = failure("FileUploadContainerNotFound", "The container does not exist")
AGENT_GONE = agent_ended_failure("tvmps_1")
OUT_OF_TIME = failure("TaskEnded", "The task ran longer than its maxWallClockTime")


def ended(exit_code: int | None = None, fault: dict[str, Any] | None = None) -> Ending:
    return Ending(ended=0, exit_code=exit_code, failure=fault)


@pytest.mark.parametrize(
    ("ending", "retry_count", "max_retries", "expected"),
    [
        (ended(0), 0, 0, Verdict.SUCCESS),
        (ended(0), 3, 3, Verdict.SUCCESS),
        (ended(1), 0, 0, Verdict.FAILURE),
        (ended(1), 0, 1, Verdict.RETRY),
        (ended(1), 1, 1, Verdict.FAILURE),
        (ended(137), 99, -1, Verdict.RETRY),
        (ended(None, NO_BLOB), 0, 5, Verdict.FAILURE),
        (ended(0, NO_UPLOAD), 0, 5, Verdict.FAILURE),
        (ended(1, NO_UPLOAD), 0, -1, Verdict.FAILURE),
        (ended(137, OUT_OF_TIME), 0, -1, Verdict.FAILURE),
        (ended(None, AGENT_GONE), 0, 0, Verdict.FAILURE),
        (ended(None, AGENT_GONE), 0, 1, Verdict.RETRY),
    ],
)
def test_only_a_non_zero_exit_code_is_retried_and_only_while_retries_are_left(
    ending: Ending, retry_count: int, max_retries: int, expected: Verdict
) -> None:
    assert verdict(ending, retry_count=retry_count, max_retries=max_retries) is expected


CONDITIONS = {
    "exitCodes": [{"code": 3, "exitOptions": {"jobAction": "none"}}],
    "exitCodeRanges": [
        {"start": 2, "end": 4, "exitOptions": {"jobAction": "disable"}},
        {"start": 4, "end": 9, "exitOptions": {"jobAction": "terminate"}},
    ],
    "preProcessingError": {"dependencyAction": "satisfy"},
    "fileUploadError": {"dependencyAction": "block"},
    "default": {"jobAction": "terminate", "dependencyAction": "satisfy"},
}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        pytest.param(ended(3), {"jobAction": "none"}, id="an exact code comes before a range"),
        pytest.param(ended(2), {"jobAction": "disable"}, id="the start of a range belongs to it"),
        pytest.param(ended(4), {"jobAction": "disable"}, id="so does its end, and the first range wins"),
        pytest.param(ended(9), {"jobAction": "terminate"}, id="the end of the last"),
        pytest.param(ended(10), CONDITIONS["default"], id="any other failure has the default"),
        pytest.param(ended(0), {}, id="the default is not for exit code 0"),
        pytest.param(ended(None, NO_BLOB), {"dependencyAction": "satisfy"}, id="nothing ran"),
        pytest.param(ended(0, NO_UPLOAD), {"dependencyAction": "block"}, id="an upload failed"),
        pytest.param(ended(3, NO_UPLOAD), {"jobAction": "none"}, id="an upload failed after a listed code"),
        pytest.param(ended(137, OUT_OF_TIME), CONDITIONS["default"], id="out of time"),
    ],
)
def test_exit_options(ending: Ending, expected: dict[str, str]) -> None:
    assert exit_options(CONDITIONS, ending) == expected


@pytest.mark.parametrize("fault", [NO_BLOB, NO_UPLOAD])
def test_default_stands_in_for_conditions_that_are_not_listed(fault: dict[str, Any]) -> None:
    assert exit_options({"default": {"jobAction": "none"}}, ended(0, fault)) == {"jobAction": "none"}


def test_exit_code_0_has_options_where_it_is_listed() -> None:
    conditions = {"exitCodes": [{"code": 0, "exitOptions": {"dependencyAction": "block"}}]}
    assert exit_options(conditions, ended(0)) == {"dependencyAction": "block"}


@pytest.mark.parametrize(
    ("options", "succeeded", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"dependencyAction": "block"}, True, False),
        ({"dependencyAction": "satisfy"}, False, True),
        ({"jobAction": "none"}, False, False),
    ],
)
def test_dependents_are_satisfied_by_success_unless_mapped_otherwise(
    options: dict[str, str], succeeded: bool, expected: bool
) -> None:
    assert satisfies_dependents(options, succeeded=succeeded) is expected


@pytest.mark.parametrize(
    ("options", "succeeded", "on_task_failure", "expected"),
    [
        ({}, False, "noaction", False),
        ({}, False, "performexitoptionsjobaction", True),
        ({}, True, "performexitoptionsjobaction", False),
        ({"jobAction": "none"}, False, "performexitoptionsjobaction", False),
        ({"jobAction": "terminate"}, True, "performexitoptionsjobaction", True),
        ({"dependencyAction": "satisfy"}, False, "performexitoptionsjobaction", True),
    ],
)
def test_failures_terminate_the_job_where_it_says_so(
    options: dict[str, str], succeeded: bool, on_task_failure: str, expected: bool
) -> None:
    assert terminates_job(options, succeeded=succeeded, on_task_failure=on_task_failure) is expected


def test_non_zero_exit_code_reads_as_batch_words_it() -> None:
    assert failure_info(ended(1)) == {
        "category": "UserError",
        "code": "FailureExitCode",
        "message": "The task exited with an exit code representing a failure",
        "details": [
            {"name": "Message", "value": "The task process exited with an unexpected exit code"},
            {"name": "AdditionalErrorCode", "value": "FailureExitCode"},
        ],
    }


def test_failure_before_the_exit_code_is_the_one_that_is_told() -> None:
    assert failure_info(ended(1, NO_UPLOAD)) is NO_UPLOAD


@pytest.mark.parametrize(
    ("requeue_count", "alone", "expected"),
    [(0, True, False), (1, True, False), (2, True, True), (2, False, False), (7, False, False), (8, False, True)],
)
def test_task_is_blamed_for_the_end_of_its_agent_after_a_few_losses_and_after_more_in_company(
    requeue_count: int, alone: bool, expected: bool
) -> None:
    assert is_to_blame(requeue_count, alone=alone) is expected


def test_task_that_ends_its_agents_meets_the_default_exit_condition() -> None:
    conditions = {"default": {"jobAction": "none"}, "preProcessingError": {"jobAction": "terminate"}}
    assert exit_options(conditions, ended(None, AGENT_GONE)) == {"jobAction": "none"}
