"""Files that the tasks of an earlier stage left, as points of a later one."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.file_name import OutputName

AXIS = "file"


def matching_rows(outputs: Sequence[OutputName], pattern: str) -> Iterator[dict[str, Any]]:
    """Return a point for each file that matches, relative to the directory of its task."""
    matches = re.compile(_regex(pattern)).fullmatch
    return ({AXIS: output} for output in outputs if matches(output.partition("/")[2]))


def with_sample_outputs(job: BoundJob) -> BoundJob:
    """Return the job with a made-up file for each stage whose outputs are not known, to try the templates."""
    for stage in job.job_file.spec.stages:
        if (sweep := stage.for_each) and sweep.outputs is not None and sweep.outputs not in job.outputs:
            job = job.with_outputs(sweep.outputs, (_sample(sweep.outputs, sweep.pattern),))
    return job


def _sample(stage: str, pattern: str) -> OutputName:
    return OutputName(f"{stage}/{pattern.replace('**/', '').replace('*', 'x').replace('?', 'x')}", 0)


def _regex(pattern: str) -> str:
    """Translate a pattern of files: `*` within a directory, `**` across directories."""
    translated = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(translated.get(part) or re.escape(part) for part in parts)
