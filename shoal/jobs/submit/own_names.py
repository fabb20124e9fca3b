"""The names that a job's own tasks have and those of another run of the same file do not: the job's id, `run`."""

import re

from shoal.jobs.binding.bound_job import BoundJob

SHORTEST = 4
"""Characters from which on a name is looked for in text: a shorter one, such as `1`, may be anything else there."""
_WORD = rb"[A-Za-z0-9_-]"


class OwnNames:
    """Removes the names of one job from the text of its tasks, so that the tasks of two runs can be compared."""

    def __init__(self, job: BoundJob) -> None:
        names = (job.job_file.job_id, str(job.job_file.names["run"]))
        self._folder = job.folder.encode()
        self._names = sorted({name.encode() for name in names if len(name) >= SHORTEST}, key=len, reverse=True)
        words = b"|".join(map(re.escape, self._names))
        self._pattern = re.compile(rb"(?<!%b)(?:%b)(?!%b)" % (_WORD, words, _WORD))

    def removed_from(self, text: bytes) -> bytes:
        text = text.replace(self._folder, b"")
        return self._pattern.sub(b"", text) if any(name in text for name in self._names) else text
