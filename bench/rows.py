"""The rows of the page of figures: what each one means. A measurement without a row here is an error."""

from collections.abc import Mapping
from dataclasses import dataclass

NOT_MEASURED = {
    "Snakemake": "`make bench-peers` does not fetch it: it plans a graph of files and has no rate of its own",
    "az storage blob download-batch": "`az` is not installed with this repository; raw requests are the stricter peer",
}
"""Peers that no row has, with the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    section: str
    meaning: str


SUBMITTING, RUNNING, FILES, GROWTH = "Submitting", "Running", "Files", "Growth"
STACKS = "Pools, forecasts and stacks"
TRUE = "Empty commands on 2 nodes of 4 slots, from the first start to the last end."
KEPT = "As many commands at a time; each command's output is kept, and its times."
WITH_FILES = (
    "The usual task: a package of 10 MB on its node, 1 kB in, 1 kB out and two logs kept. The peer sends the same "
    "requests to Azurite as it is published, and runs nothing: the most that it allows."
)
OWN_STORAGE = "The same tasks, beside the same requests to the service's own storage, which spares Azurite some work."
FORECAST = "The forecast of the makespan beside the run that followed."
ROWS: Mapping[str, Row] = {
    "accept tasks": Row(SUBMITTING, "The embedded service stores tasks durably, sent by bare requests of 100."),
    "accept tasks from azure-batch": Row(SUBMITTING, "The same, sent by the official client, which takes most of it."),
    "render tasks": Row(SUBMITTING, "`shoal render` from start to end."),
    "submit tasks": Row(
        SUBMITTING,
        "`shoal submit` from start to end. The peer sends the same tasks, by requests made before the clock.",
    ),
    "submit, memory": Row(SUBMITTING, "The most memory of `shoal submit`, beside that for a tenth of the tasks."),
    "watch a large job": Row(SUBMITTING, "Requests that `shoal watch` sends, those of its start included."),
    "why, large job": Row(SUBMITTING, "`shoal why JOB` from start to end."),
    "run true tasks": Row(RUNNING, f"{TRUE} Files lie where temporary files lie, mostly on disk."),
    "run true tasks / GNU parallel": Row(RUNNING, KEPT),
    "run true tasks / xargs -P": Row(RUNNING, "As many commands at a time; nothing is kept, so it is the bare limit."),
    "run true tasks / HyperQueue": Row(RUNNING, f"{KEPT} Its start is not counted."),
    "run true tasks, in memory": Row(RUNNING, f"{TRUE} All files lie in `/dev/shm`."),
    "run true tasks, in memory / GNU parallel": Row(RUNNING, KEPT),
    "run true tasks, in memory / xargs -P": Row(RUNNING, "As many commands at a time; nothing is kept."),
    "run true tasks, in memory / HyperQueue": Row(RUNNING, f"{KEPT} Its start is not counted."),
    "run tasks with files": Row(FILES, f"{WITH_FILES} Submission is counted."),
    "run tasks with files / raw requests": Row(FILES, OWN_STORAGE),
    "run tasks with files, in memory": Row(FILES, "The same with all files in `/dev/shm`."),
    "run tasks with files, in memory / raw requests": Row(FILES, OWN_STORAGE),
    "upload inputs of 1 kB": Row(FILES, "Inputs of `shoal submit`; both sides send checksums."),
    "fetch files of 1 kB": Row(FILES, "`shoal fetch` with list, checksums and notes. The peer knows the names."),
    "upload a large file": Row(FILES, "An input in blocks, several at once; both sides send checksums."),
    "fetch a large file": Row(FILES, "In ranges, several at once, with SHA-256. The peer computes none."),
    "growth with tasks": Row(GROWTH, "Cost of accepting tasks."),
    "growth with empty jobs": Row(GROWTH, "Cost of running 400 tasks beside so many empty jobs of the same pool."),
    "growth with dependencies": Row(GROWTH, "Cost of adding N tasks that each depend on a range of N tasks."),
    "growth with nodes": Row(GROWTH, "Cost of running 400 tasks on so many simulated nodes."),
    "evaluate the default formula": Row(STACKS, "Evaluations of an autoscale formula, in time of one core."),
    "simulate a day, 1,000 nodes": Row(STACKS, "A million tasks on 1,000 Spot nodes, in time of one core."),
    "forecast, fixed nodes": Row(STACKS, FORECAST),
    "forecast, by a probe": Row(STACKS, f"{FORECAST} Durations are those of tasks that ran before."),
    "forecast, formula": Row(STACKS, f"{FORECAST} The pool follows its tasks."),
    "shoal --help": Row(STACKS, "Start of the command."),
    "service ready": Row(STACKS, "`shoal local start` until the service answers."),
    "no-change up, embedded engine": Row(STACKS, "`shoal up` where nothing changed."),
    "no-change up, Pulumi's engine": Row(STACKS, "The same with Pulumi's engine, beside plain `pulumi up`."),
}
