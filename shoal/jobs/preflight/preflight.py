"""The one set of checks of a job against its environment and the service."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shoal.connect import Services
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.mistakes import Mistake, MistakeList, Mistakes
from shoal.jobs.preflight.disk_check import disk_findings
from shoal.jobs.preflight.finding import Finding
from shoal.jobs.preflight.pool_checks import pool_findings
from shoal.jobs.preflight.quota_checks import quota_findings
from shoal.jobs.preflight.schedule_checks import schedule_findings
from shoal.jobs.preflight.secret_checks import secret_findings
from shoal.jobs.preflight.service_facts import ServiceFacts, read_facts
from shoal.jobs.preflight.storage_checks import storage_findings
from shoal.jobs.skip.skips import expected_skips
from shoal.jobs.submit.plan import Plan, make_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """A job that was checked with the service: all its problems and warnings, and its plan where the file is sound."""

    plan: Plan | None
    problems: tuple[Mistake, ...]
    warnings: tuple[str, ...]
    facts: ServiceFacts | None
    """None where the service was not asked."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """The numbers of tasks by stage that a new run would skip, as far as they are known."""


OtherRunCheck = Callable[[BoundJob, Plan, Services], object]
"""Raises BadInput where the job's id is in use for another run."""


def preflight(job: BoundJob, services: Services, *, refuse_other_run: OtherRunCheck) -> Preflight:
    """Check the file and the service together, also where the file has mistakes. Creates nothing."""
    mistakes, plan = MistakeList(), None
    with mistakes.collecting():
        plan = make_plan(job)
    facts = read_facts(job, services)
    found = list(findings(job, plan, facts))
    if plan is not None and facts.pool is not None:
        with mistakes.collecting(job.job_file.document.line(["job", "id"])):
            refuse_other_run(job, plan, services)
    document = job.job_file.document
    mistakes.extend(finding.mistake(document) for finding in found if finding.is_problem)
    return Preflight(
        plan=plan,
        problems=Mistakes(mistakes).mistakes,  # sorted, each once
        warnings=(
            *(plan.warnings if plan else ()),
            *(finding.text(document) for finding in found if not finding.is_problem),
            *facts.unread,
        ),
        facts=facts,
        skipped=expected_skips(job, services) if plan is not None and not mistakes and facts.pool is not None else {},
    )


def without_service(job: BoundJob, reason: str) -> Preflight:
    """Check the file only."""
    mistakes, plan = MistakeList(), None
    with mistakes.collecting():
        plan = make_plan(job)
    return Preflight(
        plan=plan,
        problems=Mistakes(mistakes).mistakes,
        warnings=(*(plan.warnings if plan else ()), f"checked without the service: {reason}"),
        facts=None,
    )


def refuse_problems(job: BoundJob, plan: Plan, services: Services) -> None:
    """Raise BadInput with every problem that the service has with a planned job."""
    document = job.job_file.document
    problems = [finding for finding in findings(job, plan, read_facts(job, services)) if finding.is_problem]
    if problems:
        raise Mistakes(finding.mistake(document) for finding in problems)


def findings(job: BoundJob, plan: Plan | None, facts: ServiceFacts) -> Iterator[Finding]:
    yield from pool_findings(job, facts)
    yield from quota_findings(job, facts)
    yield from storage_findings(job, facts)
    yield from secret_findings(job)
    yield from schedule_findings(job, facts, local_files=len(plan.files) if plan else 0)
    if plan is not None:
        yield from disk_findings(job, plan)
