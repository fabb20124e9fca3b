"""Findings as text for people. Pure."""

from collections.abc import Iterator, Sequence

from shoal.runs.why.evidence import Evidence
from shoal.runs.why.finding import Finding


def explanation(evidence: Evidence, found: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines: each finding as a sentence, with its evidence and next step below."""
    for number, finding in enumerate(found):
        if number:
            yield ""
        yield f"{'also' if number else evidence.subject}: {finding.sentence}"
        yield from (f"  {line}" for line in finding.evidence)
        if finding.step:
            yield f"  next: {finding.step}"
    if evidence.failures.sampling:
        yield f"\n({evidence.failures.sampling})"
