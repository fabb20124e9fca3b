"""What Pulumi's engine reports while it works, as the steps and errors of a deployment."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.automation import DiagnosticEvent, EngineEvent, OpType, StepEventMetadata

from shoal.azure_errors import with_explanations
from shoal.deploy.resources.properties import masked
from shoal.deploy.resources.urns import STACK_TYPE, resource_type
from shoal.deploy.steps import Change, Operation, Step, change_of, label

OPERATIONS = {
    OpType.SAME: Operation.SAME,
    OpType.CREATE: Operation.CREATE,
    OpType.UPDATE: Operation.UPDATE,
    OpType.DELETE: Operation.DELETE,
    OpType.IMPORT: Operation.IMPORT,
    OpType.CREATE_REPLACEMENT: Operation.REPLACE,
}
"""The last of the three parts of a replacement stands for it."""
MARKUP = re.compile(r"<\{%.*?%\}>")
TRACEBACK = re.compile(r"python inline source runtime error: (.*?)\n(Traceback .*)", re.DOTALL)
"""Source: pulumi.automation._server."""
ONCE_MORE = "Exception calling application: "
"""Source: grpc, of an exception that passes through the language server after it was reported."""
WITHOUT_NEWS = ("update failed", "preview failed", "destroy failed", "update cancelled")
FROM_PATH = re.compile(r"using pulumi-[\w-]+ from \$PATH at ")
"""A warning of the engine at each plugin that it is given, as all of a local stack are."""


class Events:
    """Passes steps on as they end, and keeps what went wrong."""

    def __init__(self, on_step: Callable[[Step], None], *, planned: bool, on_warning: Callable[[str], None]) -> None:
        self.errors: list[str] = []
        self.traceback = ""
        self.outputs: Mapping[str, Any] = {}
        """Of the stack, as far as they are known."""
        self._on_step = on_step
        self._on_warning = on_warning
        self._planned = planned

    def take(self, event: EngineEvent) -> None:
        done = event.resource_pre_event if self._planned else event.res_outputs_event
        if done is not None and (step := _step(done.metadata)):
            self._on_step(step)
        if event.res_outputs_event is not None:
            self._keep_outputs(event.res_outputs_event.metadata)
        match event.diagnostic_event:
            case DiagnosticEvent(severity="error", message=message, urn=urn):
                self._keep(urn or "", message)
            case DiagnosticEvent(severity="warning", message=message, urn=urn):
                self._warn(urn or "", MARKUP.sub("", message).strip())

    @property
    def summary(self) -> str:
        """What went wrong, with what Azure is known to mean by it; empty where nothing did."""
        return with_explanations(self.errors)

    def _keep_outputs(self, metadata: StepEventMetadata) -> None:
        if metadata.type == STACK_TYPE and metadata.new is not None:
            self.outputs = masked(metadata.new.outputs or {})

    def _warn(self, urn: str, text: str) -> None:
        if not FROM_PATH.match(text):
            self._on_warning(_located(urn, text))

    def _keep(self, urn: str, message: str) -> None:
        text = MARKUP.sub("", message).strip().removeprefix(ONCE_MORE)
        if found := TRACEBACK.search(text):
            text, self.traceback = found[1], f"{found[2]}\n"
        if text in WITHOUT_NEWS:
            return
        located = _located(urn, text)
        if located not in self.errors:
            self.errors.append(located)


def _located(urn: str, text: str) -> str:
    """With the resource that it is about, where there is one."""
    return text if not urn or resource_type(urn) == STACK_TYPE else f"{label(urn)}: {text}"


def _step(metadata: StepEventMetadata) -> Step | None:
    """None for components, providers and the other parts of a replacement."""
    operation = OPERATIONS.get(metadata.op)
    state = metadata.new or metadata.old
    if operation is None or state is None or not state.custom or metadata.type.startswith("pulumi:"):
        return None
    return Step(operation=operation, urn=metadata.urn, id=state.id, changes=_changes(metadata), inputs=_inputs(state))


def _changes(metadata: StepEventMetadata) -> tuple[Change, ...]:
    old = _inputs(metadata.old)
    new = _inputs(metadata.new)
    return tuple(change_of(name, old, new) for name in metadata.diffs or ())


def _inputs(state: Any) -> Any:
    """Secrets come as marked objects."""
    return {} if state is None or state.inputs is None else masked(state.inputs)
