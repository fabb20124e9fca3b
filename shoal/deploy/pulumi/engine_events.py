"""The events of Pulumi's engine, turned into the steps and errors of a deployment."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.automation import DiagnosticEvent, EngineEvent, OpType, StepEventMetadata

from shoal.azure_errors import with_explanations
from shoal.deploy.pool_steps import POOL_UPDATE, update_changes
from shoal.deploy.resources.properties import masked
from shoal.deploy.resources.urns import STACK_TYPE, resource_type
from shoal.deploy.steps import Change, ResourceStep, StepOperation, change_of, label

OPERATIONS = {
    OpType.SAME: StepOperation.SAME,
    OpType.CREATE: StepOperation.CREATE,
    OpType.UPDATE: StepOperation.UPDATE,
    OpType.DELETE: StepOperation.DELETE,
    OpType.IMPORT: StepOperation.IMPORT,
    OpType.CREATE_REPLACEMENT: StepOperation.REPLACE,
}
"""A replacement has three operations in Pulumi; only its last one counts as a step."""
MARKUP = re.compile(r"<\{%.*?%\}>")
TRACEBACK = re.compile(r"python inline source runtime error: (.*?)\n(Traceback .*)", re.DOTALL)
"""Source: pulumi.automation._server."""
REPEATED = "Exception calling application: "
"""Prefix of an exception that was reported before and passes through the language server. Source: grpc."""
SUMMARIES = ("update failed", "preview failed", "destroy failed", "update cancelled")
FROM_PATH = re.compile(r"using pulumi-[\w-]+ from \$PATH at ")
"""The engine's warning at each plugin on the PATH, where all plugins of a local stack are."""


class EngineEvents:
    """Passes on each step as it ends and each message with its severity, and keeps the errors."""

    def __init__(
        self, on_step: Callable[[ResourceStep], None], *, planned: bool, on_message: Callable[[str, str], None]
    ) -> None:
        self.errors: list[str] = []
        self.traceback = ""
        self.outputs: Mapping[str, Any] = {}
        """The stack's outputs, as far as they are known."""
        self._on_step = on_step
        self._on_message = on_message
        self._planned = planned

    def take(self, event: EngineEvent) -> None:
        step_event = event.resource_pre_event if self._planned else event.res_outputs_event
        if step_event is not None and (step := _step(step_event.metadata)):
            self._on_step(step)
        if event.res_outputs_event is not None:
            self._keep_outputs(event.res_outputs_event.metadata)
        match event.diagnostic_event:
            case DiagnosticEvent(severity="error", message=message, urn=urn):
                self._keep(urn or "", message)
            case DiagnosticEvent(
                severity="warning" | "info" as severity, message=message, urn=urn, ephemeral=None | False
            ):
                self._pass_on(severity, urn or "", MARKUP.sub("", message).strip())

    @property
    def summary(self) -> str:
        """The errors, with explanations of those that Azure is known for; empty if there are none."""
        return with_explanations(self.errors)

    def _keep_outputs(self, metadata: StepEventMetadata) -> None:
        if metadata.type == STACK_TYPE and metadata.new is not None:
            self.outputs = masked(metadata.new.outputs or {})

    def _pass_on(self, severity: str, urn: str, text: str) -> None:
        if not FROM_PATH.match(text):
            self._on_message(severity, _located(urn, text))

    def _keep(self, urn: str, message: str) -> None:
        text = MARKUP.sub("", message).strip().removeprefix(REPEATED)
        if match := TRACEBACK.search(text):
            text, self.traceback = match[1], f"{match[2]}\n"
        if text in SUMMARIES:
            return
        located = _located(urn, text)
        # Without its prefix, a repeated error is the same text as the one that was kept before.
        if located not in self.errors:
            self.errors.append(located)


def _located(urn: str, text: str) -> str:
    """Prefix the text with the resource that it is about, if there is one."""
    return text if not urn or resource_type(urn) == STACK_TYPE else f"{label(urn)}: {text}"


def _step(metadata: StepEventMetadata) -> ResourceStep | None:
    """Return a step, or None for components, providers and the other operations of a replacement."""
    operation = OPERATIONS.get(metadata.op)
    state = metadata.new or metadata.old
    if operation is None or state is None or not (state.custom or metadata.type == POOL_UPDATE):
        return None
    if metadata.type.startswith("pulumi:"):
        return None
    return ResourceStep(
        operation=operation, urn=metadata.urn, id=state.id, changes=_changes(metadata), inputs=_inputs(state)
    )


def _changes(metadata: StepEventMetadata) -> tuple[Change, ...]:
    old = _inputs(metadata.old)
    new = _inputs(metadata.new)
    if metadata.type == POOL_UPDATE:
        return update_changes(old if metadata.old else None, new, _patched(metadata.new))
    return tuple(change_of(name, old, new) for name in metadata.diffs or ())


def _patched(state: Any) -> Any:
    """Return the properties that an update changed, which its outputs name, or in a preview would change."""
    outputs = {} if state is None or state.outputs is None else state.outputs
    names = outputs.get("patched") or _inputs(state).get("patch")
    return names if isinstance(names, list) else None  # not known where the pool is to be replaced


def _inputs(state: Any) -> Any:
    """Return a state's inputs with secrets masked; the engine sends them as marked objects."""
    return {} if state is None or state.inputs is None else masked(state.inputs)
