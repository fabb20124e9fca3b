"""The published schema says the same as the check of a job file."""

from pathlib import Path

import pytest

from shoal.jobs.file.document import parse_document
from shoal.jobs.file.schema import job_file_schema

WHOLE = "job: {pool: spot}\nstages: [{name: a, command: x}]\n"


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        (WHOLE, True),
        ("include: shared.yaml\njob: {id: j}\n", True),
        ("include: [shared.yaml]\n", True),
        ("include: shared.yaml\njob: {poool: spot}\n", False),
        ("job: {id: j}\nstages: [{name: a, command: x}]\n", False),
        ("job: {pool: spot}\n", False),
        ("{}", False),
    ],
)
def test_keys_may_come_from_an_included_file_only_where_there_is_one(text: str, *, is_valid: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(job_file_schema())
    assert validator.is_valid(parse_document(text, Path("job.yaml")).value) is is_valid
