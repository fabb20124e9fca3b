"""Comments on a job that is watched: why it stands still, and new kinds of failures. Each is told once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from azure.core.exceptions import AzureError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.progress import Counts, Snapshot
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import findings
from shoal.runs.why.evidence import Evidence
from shoal.runs.why.failed_tasks import failures_of_job
from shoal.runs.why.failure_kinds import FailureKind, Failures, common_text
from shoal.runs.why.failure_rows import reason_of
from shoal.runs.why.finding import Finding

STILL_SECONDS = 5.0
"""Time without a change after which a job with nothing but waiting tasks counts as standing still."""
AGAIN_SECONDS = 15.0
"""Time between two looks while it does."""
FAILURES_SECONDS = 30.0
"""Time between two looks at failures."""
STDERR_READ = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The past of a watched job, as far as it decides when to look."""

    counts: Counts = field(default_factory=Counts)
    changed: float = 0.0
    """The time of the last change of the counts."""
    next_look: float = 0.0
    next_failures: float = 0.0
    failed: int = 0
    """Failures at the last look at them."""


def after(past: Watch, snapshot: Snapshot) -> Watch:
    """Return the past with a snapshot; a change puts off the next look."""
    if snapshot.counts == past.counts:
        return past
    at = snapshot.at
    return replace(past, counts=snapshot.counts, changed=at, next_look=at + STILL_SECONDS)


def stands_still(past: Watch, now: float) -> bool:
    """True if tasks wait and nothing has happened for some time."""
    return past.counts.active > 0 and past.counts.running == 0 and now >= past.next_look


def has_failures(past: Watch, now: float) -> bool:
    """True if tasks have failed since the last look, which is long enough ago. The end of a job has its own report."""
    goes_on = past.counts.active + past.counts.running > 0
    return goes_on and past.counts.failed > past.failed and now >= past.next_failures


class Commentary:
    """It never ends the watch: an answer that does not come is asked for again."""

    def __init__(
        self,
        services: Services,
        job_id: str,
        *,
        report: Callable[[str], None],
        on_failures: Callable[[Failures], None] = lambda _: None,
    ) -> None:
        self._services, self._job_id, self._report, self._on_failures = services, job_id, report, on_failures
        self._past = Watch()
        self._last = ""
        """The reason that was told last."""
        self._kinds: set[tuple[object, ...]] = set()

    def on_snapshot(self, snapshot: Snapshot) -> None:
        self._past, now = after(self._past, snapshot), snapshot.at
        try:
            if stands_still(self._past, now):
                self._past = replace(self._past, next_look=now + AGAIN_SECONDS)
                self._tell_reason()
            if has_failures(self._past, now):
                self._past = replace(self._past, next_failures=now + FAILURES_SECONDS, failed=self._past.counts.failed)
                self._tell_failures()
        except (AzureError, BadInput):
            # The service is away, or the job is gone. The watch notices that itself.
            return

    def _tell_reason(self) -> None:
        evidence = collect(self._services, self._job_id)
        first = next(iter(findings(evidence)), None)
        if first is not None and first.blocks and (reason := _reason(first)) != self._last:
            self._last = reason
            self._report(sentence(evidence, first))

    def _tell_failures(self) -> None:
        failed = self._past.counts.failed
        failures = failures_of_job(self._services, self._job_id, total=failed, most_stderr=STDERR_READ)
        self._on_failures(failures)
        for kind in failures.kinds:
            if (known := _kind(kind)) not in self._kinds:
                self._kinds.add(known)
                self._report(f"failed: {kind.example.id}: {reason_of(kind)}")


def sentence(evidence: Evidence, finding: Finding) -> str:
    """Return a finding in one line, with its next step."""
    step = f"; next: {finding.step}" if finding.step else ""
    return f"{evidence.subject} waits: {finding.sentence}{step}"


def _reason(finding: Finding) -> str:
    """Return the finding without its numbers, which change all the time."""
    return f"{finding.code} {common_text(finding.sentence)}"


def _kind(kind: FailureKind) -> tuple[object, ...]:
    task = kind.example
    return task.code, task.exit_code, common_text(task.last_line), kind.is_unread
