"""Two manifests compared: the parts that are the same, the fields that differ, and the results that differ. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shoal.manifest.manifest import Manifest

PARTS = {
    "file": "job file",
    "further_files": "files that it includes",
    "parameters": "parameters",
    "withheld": "withheld parameters",
    "tasks": "tasks",
    "job_digest": "job",
    "packages": "packages",
    "inputs": "inputs",
    "pool": "pool",
    "environment": "environment",
    "versions": "versions",
    "git": "git",
}
"""Fields that say what a run is made of, and their names for people. Ids and times of two runs always differ."""
_MISSING = "(none)"
SHOWN = 80
"""Characters of a value in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    field: str
    """`packages.var.version`."""
    one: Any
    other: Any

    @property
    def sentence(self) -> str:
        return f"{self.field}: {_shown(self.one)} → {_shown(self.other)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDifferences:
    same: int
    differing: Sequence[str]
    only_in_one: Sequence[str]
    only_in_other: Sequence[str]

    @property
    def is_none(self) -> bool:
        return not (self.differing or self.only_in_one or self.only_in_other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    same: Sequence[str]
    """Parts without a difference, by their names for people."""
    differences: Sequence[Difference]
    results: ResultDifferences | None
    """None where one of the runs has no checksums of results."""
    not_compared: Sequence[str] = ()
    """Stages whose tasks only the one run has yet."""


def compare(one: Manifest, other: Manifest, *, without_tasks: Sequence[str] = ()) -> Comparison:
    """Compare two manifests; `without_tasks` are stages of the other that get their tasks while it runs."""
    left, right = _content(one), _content(other)
    not_compared = [name for name in without_tasks if left["tasks"].pop(name, None) is not None]
    _use_common_digests(left["tasks"], right["tasks"])
    differences = [found for part in PARTS for found in _differences(left[part], right[part], part)]
    differing = {found.field.partition(".")[0] for found in differences}
    return Comparison(
        same=[name for part, name in PARTS.items() if part not in differing],
        differences=differences,
        results=compare_results(one, other),
        not_compared=not_compared,
    )


def compare_results(one: Manifest, other: Manifest) -> ResultDifferences | None:
    if one.results is None or other.results is None:
        return None
    both = one.results.keys() & other.results.keys()
    differing = sorted(name for name in both if one.results[name] != other.results[name])
    return ResultDifferences(
        same=len(both) - len(differing),
        differing=differing,
        only_in_one=sorted(one.results.keys() - both),
        only_in_other=sorted(other.results.keys() - both),
    )


def _content(manifest: Manifest) -> dict[str, Any]:
    content = asdict(manifest)
    for file in (content["file"], *content["further_files"].values()):
        del file["text"]  # its hash tells a difference
    return content


def _use_common_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Leave one digest of each stage: the one without job and run, where both manifests have it."""
    for name in (*one, *other):
        stages = [tasks[name] for tasks in (one, other) if name in tasks]
        common = [stage.pop("common_digest", None) for stage in stages]
        if len(stages) > 1 and all(common):
            for stage, digest in zip(stages, common, strict=True):
                stage["digest"] = digest


def _differences(one: Any, other: Any, field: str) -> Iterator[Difference]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in [*one, *(key for key in other if key not in one)]:
            yield from _differences(one.get(key), other.get(key), f"{field}.{key}")
    elif one != other:
        yield Difference(field=field, one=one, other=other)


def _shown(value: Any) -> str:
    text = _MISSING if value is None else str(value).replace("\n", "⏎")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
