"""Checks of what tasks read and write: containers, blobs, packages, and the life of signatures."""

from collections.abc import Iterator
from datetime import timedelta

from shoal.connect import DELEGATED_SIGNATURE_LIFE, KEY_SIGNATURE_LIFE
from shoal.environment import Authentication, Environment
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.document import Location
from shoal.jobs.preflight.finding import Finding, warning
from shoal.jobs.preflight.service_facts import BlobPrefix, ServiceFacts


def storage_findings(job: BoundJob, facts: ServiceFacts) -> Iterator[Finding]:
    yield from _containers(job, facts)
    yield from _packages(job, facts)
    for prefix in facts.empty_prefixes:
        yield _missing_blob(job, prefix)
    yield from _signatures(job)


def _missing_blob(job: BoundJob, prefix: BlobPrefix) -> Finding:
    place = ("stages", prefix.stage, "inputs", prefix.number)
    if not prefix.is_whole_name:
        sentence = f"no blob in container '{prefix.container}' begins with '{prefix.prefix}'; upload it first"
        return warning(place, sentence)
    sentence = f"container '{prefix.container}' has no blob '{prefix.prefix}'; upload it first"
    waits = any(stage.index == prefix.stage and stage.spec.waits_for for stage in job.stages)
    # Another stage, or anyone before the next time of a schedule, may still make it.
    may_come = waits or job.job_file.spec.job.schedule is not None
    return Finding(place=place, sentence=sentence, is_problem=not may_come)


def _containers(job: BoundJob, facts: ServiceFacts) -> Iterator[Finding]:
    own = job.environment.containers
    for name in sorted(facts.missing_containers):
        mend = "run `shoal up` to make it again" if name in (own.inputs, own.outputs, own.logs) else "create it first"
        place = next(
            (
                (*stage.location, "inputs", number)
                for stage in job.own_tasks_and_stages
                for number, source in enumerate(stage.spec.inputs)
                if source.container == name
            ),
            ("stages",),
        )
        sentence = f"storage account '{job.environment.storage_account}' has no container '{name}'; {mend}"
        yield Finding(place=place, sentence=sentence)


def _packages(job: BoundJob, facts: ServiceFacts) -> Iterator[Finding]:
    for stage in job.stages:
        for name, package in stage.packages.items():
            versions = facts.packages.get(package.application, frozenset())
            if package.version not in versions:
                there = f"active are {', '.join(sorted(versions))}" if versions else "none is active"
                sentence = (
                    f"package '{name}' ({package.application}) has no active version {package.version}; {there}; "
                    "run `shoal up` to upload it"
                )
                yield Finding(place=("stages", stage.index, "packages"), sentence=sentence)


def _signatures(job: BoundJob) -> Iterator[Finding]:
    """Nodes without an identity read and write by addresses that stop working some time after the submission."""
    life = signature_life(job.environment)
    if life is None:
        return
    limits: list[tuple[Location, timedelta | None]] = [(("job", "max_time"), job.job_file.spec.job.max_time)]
    limits += [(("stages", stage.index, "max_time"), stage.spec.max_time) for stage in job.stages]
    for place, limit in limits:
        if limit is not None and limit > life:
            sentence = (
                f"max_time is {limit.days} days, and the addresses of inputs and outputs work for {life.days} days "
                "after the submission; give the nodes an identity, or set a shorter max_time"
            )
            yield warning(place, sentence)


def signature_life(environment: Environment) -> timedelta | None:
    """Return the life of shared access signatures; None where nodes use their identity instead."""
    if environment.node_identity is not None:
        return None
    by_key = environment.authentication is Authentication.SHARED_KEY
    return KEY_SIGNATURE_LIFE if by_key else DELEGATED_SIGNATURE_LIFE
