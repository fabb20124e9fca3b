"""Stages by their names: each is unique, and waits only for stages that stand before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.jobs.barrier_ids import BARRIER_PREFIX, MANAGER
from shoal.jobs.file.draft import Draft
from shoal.jobs.file.spec import Spec, Stage
from shoal.suggestion import nearest, suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLinks:
    """References of a stage to others. Any stage with a name has them, whatever else is wrong with it."""

    index: int
    name: str
    after: Sequence[Any]
    fans_out: str | None
    """The stage for each of whose files it has a task."""
    reads: Sequence[tuple[int, str]]
    """The number of each input that is another stage's output, and that stage."""


def check_stage_order(draft: Draft, content: dict[str, Any]) -> None:
    earlier: list[str] = []
    for stage in _links(content.get("stages")):
        _check_name(stage, earlier, draft)
        _check_after(stage, earlier, draft)
        earlier.append(stage.name)


def without_other_stages(spec: Spec) -> Spec:
    """Return the spec in which each stage waits only for stages of the spec that stand before it."""
    stages: list[Stage] = []
    for stage in spec.stages:
        sound = {other.name for other in stages}
        stages.append(stage.model_copy(update={"after": [link for link in stage.dependencies if link.stage in sound]}))
    return spec.model_copy(update={"stages": stages})


def _links(stages: Any) -> Iterator[StageLinks]:
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict) and "name" in stage:
            after, inputs = stage.get("after", []), stage.get("inputs", [])
            yield StageLinks(
                index=index,
                name=str(stage["name"]),
                after=[_name(link) for link in (after if isinstance(after, list) else [after])],
                fans_out=_fans_out(stage.get("for_each")),
                reads=[
                    (number, str(source["stage"]))
                    for number, source in enumerate(inputs if isinstance(inputs, list) else [])
                    if isinstance(source, dict) and "stage" in source
                ],
            )


def _fans_out(sweep: Any) -> str | None:
    name = sweep.get("outputs") if isinstance(sweep, dict) else None
    return None if name is None else str(name)


def _name(link: Any) -> Any:
    return link.get("stage", "") if isinstance(link, dict) else link


def _check_name(stage: StageLinks, earlier: Sequence[str], draft: Draft) -> None:
    location = ("stages", stage.index, "name")
    if stage.name in earlier:
        draft.refuse(location, f"there is a stage '{stage.name}' already")
    if stage.name == MANAGER:
        draft.refuse(location, f"'{MANAGER}' is the id of the task that adds the others to a job of a schedule")
    if stage.name.startswith(BARRIER_PREFIX):
        draft.refuse(location, f"a stage's name cannot begin with '{BARRIER_PREFIX}'")


def _check_after(stage: StageLinks, earlier: Sequence[str], draft: Draft) -> None:
    meant = list(stage.after)
    if stage.fans_out is not None:
        meant.append(stage.fans_out)
        if stage.fans_out not in earlier:
            sentence = (
                f"no stage '{stage.fans_out}' stands before '{stage.name}'; {suggestion(stage.fans_out, earlier)}"
            )
            draft.refuse(["stages", stage.index, "for_each", "outputs"], sentence)
            meant.append(nearest(stage.fans_out, earlier))
    for number, name in enumerate(map(str, stage.after)):
        if name not in earlier:
            sentence = f"no stage '{name}' stands before '{stage.name}'; {suggestion(name, earlier)}"
            draft.refuse(["stages", stage.index, "after", number], sentence)
            meant.append(nearest(name, earlier))  # reading that stage's outputs is then no second mistake
    for number, source in stage.reads:
        if source not in meant and draft.is_sound("stages", stage.index, "inputs", number):
            sentence = f"'{stage.name}' reads what '{source}' wrote; add `after: {source}`"
            draft.refuse(["stages", stage.index, "inputs", number], sentence)
