# ruff: noqa: N802 - gRPC names the methods
"""The plugin that replaces Pulumi's azure-native provider for local stacks: the engine's calls become calls to ARM.

Source: pulumi/proto, provider.proto; the order of calls was recorded with CLI 3.259. The engine removes the marks of
secrets from inputs, and marks the outputs of the same names again.
"""

import os
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as wire

from shoal.deploy.embedded.stack_record import SUBSCRIPTION
from shoal.deploy.embedded_service import EmbeddedService, find_service
from shoal.deploy.pulumi.plugins.plugin_server import plugin_server, serve
from shoal.deploy.pulumi.plugins.resource_inputs import actual_inputs, inputs_to_import
from shoal.deploy.resources.arm_types.refusals import refuse
from shoal.deploy.resources.invokes import SECRET_RESULTS, invoke
from shoal.deploy.resources.properties import UnsupportedValue, decode, encode, is_known
from shoal.deploy.resources.provider import Provider, refuse_existing
from shoal.deploy.resources.provider import delete as remove
from shoal.deploy.resources.resource_type import ResourceType
from shoal.deploy.resources.resource_types import find_type
from shoal.deploy.resources.urns import resource_name, resource_type
from shoal.deploy.steps import changes_between, replacing
from shoal.errors import BadInput, ShoalError

METADATA_HOST = "ARM_METADATA_HOSTNAME"
SECRET_OUTPUTS = ("storageUrl",)
"""Outputs that are secret: an address with a signature that allows writing. Source: azure-mgmt-batch."""
Answer = TypeVar("Answer")


class AzureNative(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider; the engine starts a process for each."""

    def __init__(self) -> None:
        self._provider = Provider(subscription_id=SUBSCRIPTION, location=None)

    @cached_property
    def _service(self) -> EmbeddedService:
        service = find_service()
        expected = os.environ.get(METADATA_HOST, service.arm.endpoint)
        if expected != service.arm.endpoint:
            raise BadInput(
                f"the embedded service is at {service.arm.endpoint} and {METADATA_HOST} says {expected}; "
                'run eval "$(shoal local env)" again'
            )
        return service

    def Handshake(
        self, _request: wire.ProviderHandshakeRequest, _context: grpc.ServicerContext
    ) -> wire.ProviderHandshakeResponse:
        return wire.ProviderHandshakeResponse()

    def GetPluginInfo(self, _request: Empty, _context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version("pulumi_azure_native"))

    def CheckConfig(self, request: wire.CheckRequest, context: grpc.ServicerContext) -> wire.CheckResponse:
        def check() -> wire.CheckResponse:
            _ = self._service  # one clear error here rather than one for each resource
            return wire.CheckResponse(inputs=request.news)

        return _answer(context, check)

    def DiffConfig(self, _request: wire.DiffRequest, _context: grpc.ServicerContext) -> wire.DiffResponse:
        """No setting of a provider replaces the resources that it made."""
        return wire.DiffResponse(changes=wire.DiffResponse.DIFF_UNKNOWN)

    def Configure(self, request: wire.ConfigureRequest, _context: grpc.ServicerContext) -> wire.ConfigureResponse:
        settings = decode(request.args).values
        self._provider = Provider(
            subscription_id=settings.get("subscriptionId", SUBSCRIPTION), location=settings.get("location")
        )
        return wire.ConfigureResponse(supportsPreview=True)

    def Check(self, request: wire.CheckRequest, context: grpc.ServicerContext) -> wire.CheckResponse:
        try:
            kind = _kind(request.urn)
            former = decode(request.olds).values.get(kind.name_property)
            inputs = self._provider.completed(
                kind, decode(request.news).values, self._service.arm, name=resource_name(request.urn), former=former
            )
            kind.arm_id(self._provider.subscription_id, inputs)  # only for its BadInput, if a name is missing
            refuse(kind, inputs)
        except (BadInput, UnsupportedValue) as exc:
            return wire.CheckResponse(failures=[wire.CheckFailure(reason=str(exc))])
        return wire.CheckResponse(inputs=encode(inputs))

    def Diff(self, request: wire.DiffRequest, context: grpc.ServicerContext) -> wire.DiffResponse:
        def compare() -> wire.DiffResponse:
            changes = changes_between(decode(request.old_inputs).values, decode(request.news).values)
            replaced_by = replacing(changes, _kind(request.urn))
            response = wire.DiffResponse
            return response(
                changes=response.DIFF_SOME if changes else response.DIFF_NONE,
                diffs=[change.name for change in changes],
                replaces=[change.name for change in replaced_by],
                # A replacement mostly has the same id, where ARM holds only one resource.
                deleteBeforeReplace=bool(replaced_by),
            )

        return _answer(context, compare)

    def Create(self, request: wire.CreateRequest, context: grpc.ServicerContext) -> wire.CreateResponse:
        def create() -> wire.CreateResponse:
            kind, inputs = _kind(request.urn), decode(request.properties).values
            if request.preview:
                return wire.CreateResponse(properties=_foreseen(kind, inputs))
            id_ = kind.arm_id(self._provider.subscription_id, inputs)
            refuse_existing(self._service.arm, kind, id_)
            return wire.CreateResponse(id=id_, properties=self._put(kind, id_, inputs))

        return _answer(context, create)

    def Read(self, request: wire.ReadRequest, context: grpc.ServicerContext) -> wire.ReadResponse:
        def read() -> wire.ReadResponse:
            kind, inputs = _kind(request.urn), decode(request.inputs).values
            answer = self._service.arm.get(request.id, kind.api_version)
            if answer is None:
                return wire.ReadResponse()
            resource = {**answer, "id": request.id}
            # A resource that is imported has no inputs yet.
            read_inputs = actual_inputs(kind, inputs, resource) if inputs else inputs_to_import(kind, resource)
            return wire.ReadResponse(id=request.id, properties=_outputs(kind, resource), inputs=encode(read_inputs))

        return _answer(context, read)

    def Update(self, request: wire.UpdateRequest, context: grpc.ServicerContext) -> wire.UpdateResponse:
        def update() -> wire.UpdateResponse:
            kind, inputs = _kind(request.urn), decode(request.news).values
            if request.preview:
                return wire.UpdateResponse(properties=_foreseen(kind, inputs))
            return wire.UpdateResponse(properties=self._put(kind, request.id, inputs))

        return _answer(context, update)

    def Delete(self, request: wire.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        def delete() -> Empty:
            remove(self._service.arm, _kind(request.urn), request.id)
            return Empty()

        return _answer(context, delete)

    def Invoke(self, request: wire.InvokeRequest, context: grpc.ServicerContext) -> wire.InvokeResponse:
        def call() -> wire.InvokeResponse:
            arguments = decode(request.args).values
            result = invoke(self._service.arm, self._provider, request.tok, arguments, arm_token=self._service.token)
            response = wire.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(result, SECRET_RESULTS))  # a keyword of Python
            return response

        return _answer(context, call)

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:
        """Let the calls in flight end: they are short."""
        return Empty()

    def _put(self, kind: ResourceType, id_: str, inputs: Any) -> Struct:
        return _outputs(kind, self._service.arm.put(id_, kind.api_version, kind.body(inputs)))


def _kind(urn: str) -> ResourceType:
    return find_type(resource_type(urn), resource_name(urn))


def _outputs(kind: ResourceType, resource: Any) -> Struct:
    return encode(kind.outputs(resource), SECRET_OUTPUTS)


def _foreseen(kind: ResourceType, inputs: Any) -> Struct:
    """Return the outputs that a preview can know; the engine treats missing ones as unknown."""
    known = {name: value for name, value in inputs.items() if is_known(value)}
    return encode(kind.outputs(kind.body(known)))


def _answer(context: grpc.ServicerContext, work: Callable[[], Answer]) -> Answer:
    """Return the work's result, or fail the call with its error; the engine adds the resource's name."""
    try:
        return work()
    except (ShoalError, UnsupportedValue) as exc:
        context.abort(grpc.StatusCode.UNKNOWN, str(exc))


def main() -> None:
    server = plugin_server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AzureNative(), server)
    serve(server)


if __name__ == "__main__":
    main()
