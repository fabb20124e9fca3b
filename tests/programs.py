"""Runs a Pulumi program against a monitor that records what is registered and changes nothing."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import run_in_stack
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import Settings, configure

from shoal.deploy.resources.resource_types import TYPES

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    type: str
    name: str
    inputs: Mapping[str, Any]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool | None
    ignore_changes: tuple[str, ...]
    dependencies: tuple[str, ...]
    """URNs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    """Outputs of the stack."""
    registered_outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Outputs of every component, by URN."""

    def of_type(self, kind: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == f"azure-native:{kind}"]

    def only(self, kind: str) -> Registered:
        (resource,) = self.of_type(kind)
        return resource


class Azure(Mocks):
    """Answers with what a program needs to go on: ids and the outputs that others take, but no token for Azure."""

    def __init__(self, there: Mapping[str, Mapping[str, Any]]) -> None:
        self.there = there

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        kind = TYPES.get(args.typ)
        name = args.inputs.get(kind.name_property, args.name) if kind else args.name
        endpoints = {"blob": f"https://{name}.blob.core.windows.net/"}
        identities = args.inputs.get("identity", {}).get("userAssignedIdentities", [])
        return f"/subscriptions/{SUBSCRIPTION}/{args.name}", {
            **args.inputs,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {id_: {} for id_ in identities}},
            "name": name,
            "principalId": f"principal-of-{name}",
            "dedicatedCoreQuota": 100,
            "lowPriorityCoreQuota": 50,
            "accountEndpoint": f"{name}.westeurope.batch.azure.com",
            "primaryEndpoints": endpoints,
        }

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        by_name = self.there.get(f"{args.token} {args.args.get('accountName')}", {})
        return {"subscriptionId": SUBSCRIPTION, **self.there.get(args.token, {}), **by_name}, []


class Recorder(MockMonitor):
    def __init__(self, recording: Recording, there: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(Azure(there))
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        self.recording.resources.append(
            Registered(
                type=request.type,
                name=request.name,
                inputs=json_format.MessageToDict(request.object),
                replace_on_changes=tuple(request.replaceOnChanges),
                delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
                ignore_changes=tuple(request.ignoreChanges),
                dependencies=tuple(request.dependencies),
            )
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK's mocks are untyped

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        self.recording.registered_outputs[request.urn] = json_format.MessageToDict(request.outputs)
        if "pulumi:pulumi:Stack" in request.urn.split("::")[2].split("$")[-1:]:
            self.recording.outputs.update(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # as above


def record(
    program: Callable[[], None],
    *,
    project: str = "shoal",
    stack: str = "dev",
    root: str = ".",
    there: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recording:
    """Everything that the program registers in a preview, to its end; what it raises is raised here.

    `there`: what the provider's functions find, by their tokens, or by token and name of an account.
    """
    recording = Recording()

    def run() -> None:
        settings = Settings(project, stack, monitor=Recorder(recording, there or {}), dry_run=True, root_directory=root)
        configure(settings)
        asyncio.run(_in_stack(program))

    contextvars.copy_context().run(run)
    return recording


async def _in_stack(program: Callable[[], None]) -> None:
    await run_in_stack(program)
