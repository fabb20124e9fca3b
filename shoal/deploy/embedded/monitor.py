# ruff: noqa: N802 - gRPC names the methods
"""Pulumi's resource monitor, as far as programs on local stacks use it.

Source: pulumi/proto, resource.proto; the calls of SDK 3.272 and their order were recorded.
"""

import uuid
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from shoal.deploy.embedded.deployment import Deployment
from shoal.deploy.embedded.registration import refuse_unsupported, registration
from shoal.deploy.embedded.stack_record import load_record
from shoal.deploy.pool_steps import POOL_UPDATE
from shoal.deploy.resources.invokes import SECRET_RESULTS, invoke
from shoal.deploy.resources.properties import UnsupportedValue, decode, decode_masked, encode
from shoal.deploy.resources.provider import Provider
from shoal.deploy.resources.resource_type import PROVIDER
from shoal.deploy.resources.resource_types import find_type
from shoal.deploy.resources.urns import STACK_TYPE, resource_type, resource_urn
from shoal.errors import BadInput, ShoalError, WorkFailed

PROVIDER_TYPE = f"pulumi:providers:{PROVIDER}"
PROVIDER_SETTINGS = {"subscriptionId", "location", "version"}
Answer = TypeVar("Answer")


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers the program's calls, and keeps the errors in `failures` and the stack's outputs in `exports`."""

    def __init__(self, deployment: Deployment, provider: Provider, *, arm_token: str) -> None:
        self.failures: list[ShoalError] = []
        self.exports: dict[str, Any] = {}
        self._deployment = deployment
        self._provider = provider
        self._explicit: dict[str, Provider] = {}
        self._arm_token = arm_token

    def GetDeploymentInfo(self, _request: Empty, _context: grpc.ServicerContext) -> resource_pb2.DeploymentInfo:
        record = self._deployment.record
        return resource_pb2.DeploymentInfo(
            project=record.project,
            stack=record.stack,
            dryRun=self._deployment.preview,
            supportedFeatures=[
                # The SDK refuses to use what is not announced; `program.ABSENT_FEATURE` recognises its message.
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
            ],
        )

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        return self._answer(context, f"{request.type} {request.name}", lambda: self._register(request))

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> Empty:
        def keep() -> Empty:
            if request.urn.split("::")[2] == STACK_TYPE:
                self.exports = decode_masked(request.outputs)
            elif resource_type(request.urn) == POOL_UPDATE:
                patched = decode(request.outputs).values.get("patched")
                self._deployment.report_pool_update(request.urn, patched if isinstance(patched, list) else ())
            return Empty()

        return self._answer(context, "outputs", keep)

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        return self._answer(context, f"{request.type} {request.name}", lambda: self._read(request))

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        def call() -> resource_pb2.ResourceInvokeResponse:
            provider = self._provider_of(request.provider)
            arguments = decode(request.args).values
            result = invoke(self._deployment.arm, provider, request.tok, arguments, arm_token=self._arm_token)
            response = resource_pb2.ResourceInvokeResponse()
            getattr(response, "return").CopyFrom(encode(result, SECRET_RESULTS))  # a keyword of Python
            return response

        return self._answer(context, request.tok, call)

    def SignalAndWaitForShutdown(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:
        return Empty()

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn = self._urn(request)
        if not request.custom or request.type == PROVIDER_TYPE:
            refuse_unsupported(request)
            id_ = self._register_provider(request, urn) if request.custom else ""
            if request.type == POOL_UPDATE:
                self._deployment.register_pool_update(urn, decode(request.object))
            return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=request.object)
        registered = registration(request, urn)
        applied = self._deployment.apply(registered, self._provider_of(request.provider))
        secret = registered.inputs.secret | registered.secret_outputs
        return resource_pb2.RegisterResourceResponse(urn=urn, id=applied.id, object=encode(applied.outputs, secret))

    def _register_provider(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> str:
        settings = dict(decode(request.object).values)
        if settings.get("environment") == "public":
            del settings["environment"]  # the SDK sets it by default
        if unknown := {name for name in settings if name not in PROVIDER_SETTINGS}:
            raise BadInput(f"provider {request.name} sets {', '.join(sorted(unknown))}, which local stacks do not have")
        # Programs refer to a provider by `URN::ID`; the id only has to be the same in every run.
        id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, urn))
        self._explicit[f"{urn}::{id_}"] = Provider(
            subscription_id=settings.get("subscriptionId", self._provider.subscription_id),
            location=settings.get("location", self._provider.location),
        )
        return id_

    def _read(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        urn = self._urn(request)
        if request.type == "pulumi:pulumi:StackReference":
            return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=self._stack_outputs(request.id))
        kind = find_type(request.type, request.name)
        resource = self._deployment.arm.get(request.id, kind.api_version)
        if resource is None:
            raise BadInput(f"there is no {request.id}")
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=encode(kind.outputs(resource)))

    def _stack_outputs(self, reference: str) -> Any:
        """Return the outputs of another local stack, named `STACK` or `ORGANIZATION/PROJECT/STACK`."""
        *_, project, stack = ["", self._deployment.record.project, *reference.split("/")][-2:]
        record = load_record(self._deployment.arm, project, stack)
        if record is None or record.outputs is None:
            raise BadInput(f"stack {reference} is not deployed to the embedded service")
        return encode({"name": reference, "outputs": record.outputs, "secretOutputNames": []})

    def _provider_of(self, reference: str) -> Provider:
        return self._explicit.get(reference, self._provider)

    def _urn(self, request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest) -> str:
        record = self._deployment.record
        return resource_urn(
            stack=record.stack, project=record.project, parent=request.parent, kind=request.type, name=request.name
        )

    def _answer(self, context: grpc.ServicerContext, subject: str, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except UnsupportedValue as exc:
            self._fail(context, BadInput(f"{subject}: {exc}"))
        except ShoalError as exc:
            kind = BadInput if isinstance(exc, BadInput) else WorkFailed
            self._fail(context, kind(f"{subject}: {exc}"))

    def _fail(self, context: grpc.ServicerContext, error: ShoalError) -> NoReturn:
        self.failures.append(error)
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
