"""A job file bound to an environment, and its stages: everything that its tasks are made from."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shoal.environment import Environment, Package, Pool
from shoal.jobs.binding.blob_access import BlobAccess, granted, masked
from shoal.jobs.binding.blob_lists import BlobLists, listed
from shoal.jobs.binding.local_files import LocalFiles
from shoal.jobs.file.document import Location
from shoal.jobs.file.file_name import OutputName
from shoal.jobs.file.job_file import UNSETTLED_POOL, JobFile, draft_job_file
from shoal.jobs.file.job_parameters import given_file, given_pairs
from shoal.jobs.file.mistakes import MistakeList, Mistakes
from shoal.jobs.file.spec import JOB_TASKS, Spec, Stage
from shoal.jobs.file.sweep_spec import blob_axes
from shoal.jobs.file.task_spec import JobTask, Logs, Shell
from shoal.jobs.file.templates import Names, Place
from shoal.jobs.run_folder import RUN_ID_UNKNOWN, run_folder
from shoal.suggestion import suggestion

Maker = Callable[[Names], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskField:
    """A property of a stage's tasks: one value for every task, or a maker that makes each task's own."""

    value: Any = None
    make: Maker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundJob:
    job_file: JobFile
    environment: Environment
    access: BlobAccess
    files: LocalFiles
    blobs: BlobLists
    run_id: str = RUN_ID_UNKNOWN
    job_placeholder: str | None = None
    """Stands for the id of the job in the folder of the run, where a schedule makes the job."""
    outputs: Mapping[str, tuple[OutputName, ...]] = field(default_factory=dict)
    """The files that stages have left, for those that have ended and are fanned out over."""
    ids_by_group: dict[tuple[str, tuple[str, ...]], Mapping[bytes, list[str]]] = field(default_factory=dict)
    """The ids of a stage's tasks by their values of some axes, as far as they were needed."""

    @property
    def folder(self) -> str:
        """The folder of the run's outputs and logs."""
        return run_folder(self.job_placeholder or self.job_file.job_id, self.run_id)

    @property
    def stages(self) -> list["BoundStage"]:
        return [
            BoundStage(job=self, index=index, spec=spec)
            for index, spec in zip(self.job_file.positions, self.job_file.spec.stages, strict=True)
        ]

    @property
    def own_tasks(self) -> dict[str, "BoundStage"]:
        """The tasks of the job itself, by their keys in `job`, each as a stage of one task."""
        return {
            key: BoundStage(job=self, index=-1, spec=_as_stage(key, task), root=("job", key))
            for key, task in _own_tasks(self.job_file.spec).items()
        }

    @property
    def own_tasks_and_stages(self) -> list["BoundStage"]:
        """Everything that the job runs: its own tasks, then its stages."""
        return [*self.own_tasks.values(), *self.stages]

    def stage(self, name: str) -> "BoundStage":
        """Return a stage. Raises Mistakes for one that is not sound, whose mistake is reported already."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise Mistakes

    @property
    def deferred_stages(self) -> list[str]:
        """The stages whose tasks are not known before others have ended: fan-outs, and all after them."""
        deferred: list[str] = []
        for stage in self.job_file.spec.stages:
            source = stage.for_each.outputs if stage.for_each else None
            is_unknown = source is not None and source not in self.outputs
            if is_unknown or any(name in deferred for name in stage.waits_for):
                deferred.append(stage.name)
        return deferred

    @property
    def ready_stages(self) -> list["BoundStage"]:
        deferred = self.deferred_stages
        return [stage for stage in self.stages if stage.name not in deferred]

    @property
    def awaited_stages(self) -> list[str]:
        """The stages whose outputs are needed next."""
        deferred = self.deferred_stages
        sources = [stage.for_each.outputs for stage in self.job_file.spec.stages if stage.for_each]
        unknown = [name for name in sources if name is not None and name not in self.outputs]
        return list(dict.fromkeys(name for name in unknown if name not in deferred))

    def with_outputs(self, stage: str, outputs: tuple[OutputName, ...]) -> "BoundJob":
        """Return the job that knows the files of an ended stage."""
        return replace(self, outputs={**self.outputs, stage: outputs}, ids_by_group={})

    @property
    def pool(self) -> Pool:
        """The pool that the job runs on. Raises BadInput where the stack has no such pool."""
        name, pools = self.job_file.spec.job.pool, self.environment.pools
        if name == UNSETTLED_POOL:
            raise Mistakes  # the mistake in `job` is reported already
        if name not in pools:
            raise self.job_file.document.mistake(
                ["job", "pool"],
                f"the stack '{self.environment.stack}' has no pool '{name}'; {suggestion(name, pools)}",
            )
        return pools[name]

    @property
    def once(self) -> "BoundJob":
        """The job without its schedule, to run once and now."""
        spec = self.job_file.spec
        alone = spec.model_copy(update={"job": spec.job.model_copy(update={"schedule": None})})
        return replace(self, job_file=replace(self.job_file, spec=alone))

    def refuse_mistakes(self) -> None:
        """Raise BadInput with the job file's mistakes, and for a pool that the stack does not have."""
        mistakes = MistakeList(self.job_file.mistakes)
        with mistakes.collecting():
            _ = self.pool
        mistakes.refuse()

    def runnable(self, run_id: str, sign: Callable[[str], str]) -> "BoundJob":
        """Return the job whose tasks can be run: `sign` makes the signature for a container."""
        access = granted(self.environment, _containers(self.job_file, self.environment), sign)
        return replace(self, access=access, run_id=run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStage:
    """A stage of a bound job. The fields of its tasks are made from this value alone."""

    job: BoundJob
    index: int
    """The stage's index in the job file."""
    spec: Stage
    root: Location | None = None
    """The place of its keys, where it is no entry of `stages`."""

    @property
    def location(self) -> Location:
        """The place of its keys in the job file."""
        return ("stages", self.index) if self.root is None else self.root

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def shell(self) -> Shell:
        return self.spec.shell or self.job.job_file.spec.job.shell

    @property
    def has_unseen_blobs(self) -> bool:
        """True where blobs of its sweep are made up, as no service lists them."""
        return self.job.blobs.are_made_up and self.spec.for_each is not None and any(blob_axes(self.spec.for_each))

    @property
    def names(self) -> dict[str, Any]:
        """Names that the templates of every task see; a task adds its point and its id."""
        return {**self.job.job_file.names, "stage": self.name}

    @property
    def packages(self) -> dict[str, Package]:
        """The packages by their names in the job file, without those that `refuse_unknown_packages` refuses."""
        known = self.job.environment.packages
        return {name: known[name] for name in self.spec.packages if name in known}

    def refuse_unknown_packages(self) -> None:
        environment = self.job.environment
        for name in self.spec.packages:
            if name not in environment.packages:
                hint = suggestion(name, environment.packages)
                raise self.mistake(f"the stack '{environment.stack}' has no package '{name}'; {hint}", "packages")

    def field(self, make: Maker, *, is_constant: bool) -> TaskField:
        """Return a field of the stage's tasks; it is made once where nothing in it varies."""
        return TaskField(value=make(self.names)) if is_constant else TaskField(make=make)

    def line(self, *keys: str | int) -> int:
        """Return the line of a key below the stage."""
        return self.job.job_file.document.line([*self.location, *keys])

    def mistake(self, sentence: str, *keys: str | int) -> Mistakes:
        """Return an error at a key below the stage."""
        return self.job.job_file.document.mistake([*self.location, *keys], sentence)

    def place(self, *keys: str | int) -> Place:
        """Return the place where the text of a key below the stage begins."""
        return self.job.job_file.place(*self.location, *keys)


def requested_job(
    file: Path, environment: Environment, *, pairs: Sequence[str], parameters: Path | None, job_id: str | None
) -> BoundJob:
    """Read and bind a job file.

    Mistakes of the file are raised with those of its tasks, once these are planned or rendered.
    """
    return bind(requested_file(file, pairs=pairs, parameters=parameters, job_id=job_id), environment)


def requested_file(file: Path, *, pairs: Sequence[str], parameters: Path | None, job_id: str | None) -> JobFile:
    """Read a job file. `NAME=VALUE` pairs override a parameter file; the pair `run=NAME` names the run."""
    given = (given_file(parameters) if parameters else {}) | given_pairs(pairs)
    run = str(given.pop("run", None) or _generated_run(datetime.now(UTC), secrets.token_hex(2)))
    return draft_job_file(file, given=given, run=run, job_id=job_id)


def bind(job_file: JobFile, environment: Environment, blobs: BlobLists | None = None) -> BoundJob:
    """Return a job whose tasks may be shown to anyone: signatures are masked. See `runnable`.

    Without `blobs`, the service of the environment lists those that sweeps have as axes.
    """
    return BoundJob(
        job_file=job_file,
        environment=environment,
        access=masked(environment, _containers(job_file, environment)),
        files=LocalFiles(job_file.folder),
        blobs=blobs or BlobLists(environment, listed),
    )


def _generated_run(now: datetime, token: str) -> str:
    """`20261122-093000-1f0a`: readable, sorted by time, and different for two people in the same second."""
    return f"{now:%Y%m%d-%H%M%S}-{token}"


def _containers(job_file: JobFile, environment: Environment) -> set[str]:
    """Return the containers that tasks read or write."""
    readers: list[Stage | JobTask] = [*job_file.spec.stages, *_own_tasks(job_file.spec).values()]
    named = {source.container for reader in readers for source in reader.inputs}
    used = environment.containers
    return {used.inputs, used.outputs, used.logs, *filter(None, named)}


def _own_tasks(spec: Spec) -> dict[str, JobTask]:
    tasks = {key: getattr(spec.job, key) for key in JOB_TASKS}
    return {key: task for key, task in tasks.items() if task is not None}


def _as_stage(name: str, task: JobTask) -> Stage:
    return Stage(
        name=name,
        command=task.command,
        shell=task.shell,
        inputs=task.inputs,
        environment=task.environment,
        logs=Logs.NEVER,
    )
