"""Takes an HTTP request of the data plane to the operation that answers it.

Route, check the api-version and the signature, call the handler, and give errors Batch's shape.
"""

import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shoal.local import errors, times
from shoal.local.api import (
    application_summaries,
    autoscale,
    bearer_token,
    endpoints,
    files,
    job_node_tasks,
    job_schedules,
    jobs,
    node_counts,
    node_logs,
    node_users,
    nodes,
    operations,
    pool_usage,
    pools,
    shared_key,
    subtasks,
    supported_images,
    tasks,
    versions,
)
from shoal.local.api.calls import Answer, Call
from shoal.local.api.statistics import STATISTICS
from shoal.local.header_names import capitalized
from shoal.local.identity.tokens import TENANT
from shoal.local.request_body import BodyTooLarge, read_body
from shoal.local.service import Service

log = logging.getLogger(__name__)

Handler = Callable[[Call], Awaitable[Answer]]

HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        application_summaries.list_applications,
        application_summaries.get_application,
        supported_images.list_supported_images,
        pools.create_pool,
        pools.list_pools,
        pools.get_pool,
        pools.pool_exists,
        pools.delete_pool,
        pools.resize_pool,
        pools.update_pool,
        pools.replace_pool_properties,
        pools.stop_pool_resize,
        pools.remove_nodes,
        pool_usage.list_pool_usage_metrics,
        node_counts.list_pool_node_counts,
        autoscale.enable_pool_auto_scale,
        autoscale.disable_pool_auto_scale,
        autoscale.evaluate_pool_auto_scale,
        nodes.list_nodes,
        nodes.get_node,
        nodes.reboot_node,
        nodes.reimage_node,
        nodes.deallocate_node,
        nodes.start_node,
        nodes.disable_node_scheduling,
        nodes.enable_node_scheduling,
        nodes.get_node_remote_login_settings,
        node_logs.upload_node_logs,
        nodes.list_node_extensions,
        nodes.get_node_extension,
        node_users.create_node_user,
        node_users.replace_node_user,
        node_users.delete_node_user,
        files.list_node_files,
        files.delete_node_file,
        files.download_node_file,
        files.get_node_file_properties,
        jobs.create_job,
        jobs.list_jobs,
        jobs.get_job,
        jobs.update_job,
        jobs.replace_job,
        jobs.disable_job,
        jobs.enable_job,
        jobs.delete_job,
        jobs.terminate_job,
        jobs.get_job_task_counts,
        job_node_tasks.list_job_preparation_and_release_task_status,
        job_schedules.create_job_schedule,
        job_schedules.list_job_schedules,
        job_schedules.job_schedule_exists,
        job_schedules.get_job_schedule,
        job_schedules.update_job_schedule,
        job_schedules.replace_job_schedule,
        job_schedules.delete_job_schedule,
        job_schedules.disable_job_schedule,
        job_schedules.enable_job_schedule,
        job_schedules.terminate_job_schedule,
        job_schedules.list_jobs_from_schedule,
        tasks.create_task,
        tasks.create_task_collection,
        tasks.list_tasks,
        tasks.get_task,
        tasks.replace_task,
        subtasks.list_subtasks,
        tasks.delete_task,
        tasks.terminate_task,
        tasks.reactivate_task,
        files.list_task_files,
        files.delete_task_file,
        files.download_task_file,
        files.get_task_file_properties,
    )
}

LARGEST_BODY = 1 << 20
NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
TIMEOUTS = ("timeOut", "timeout")
"""Spellings of the clients of today and of those before 15."""
FLAGS = ("force", "recursive")


class DataPlane:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(request, request_id)
        except errors.BatchError as exc:
            answer = error_answer(exc, str(request.base_url).rstrip("/"), request_id)
        except Exception:
            # The server must go on serving others, so the traceback is logged and this client gets a 500.
            log.exception("%s %s failed", request.method, request.url.path)
            answer = error_answer(errors.internal_error(), str(request.base_url).rstrip("/"), request_id)
        headers = {"request-id": request_id, "DataServiceVersion": "3.0", **answer.headers}
        if answer.content:
            headers.setdefault("Content-Type", "application/json;odata=minimalmetadata")
        if request.headers.get("return-client-request-id") == "true":
            headers["client-request-id"] = request.headers.get("client-request-id", "")
        if isinstance(answer.content, bytes):
            response = Response(answer.content, answer.status, headers)
            response.raw_headers = capitalized(response.raw_headers)
            return self.service.disturbances.cut(response)
        streaming = StreamingResponse(answer.content, answer.status, headers)
        streaming.raw_headers = capitalized(streaming.raw_headers)
        return streaming

    async def _answer(self, request: Request, request_id: str) -> Answer:
        await self.service.disturbances.delay_or_refuse(errors.server_busy())
        raw_path = _ascii(request.scope["raw_path"]).partition("?")[0]
        query = parse_qsl(_ascii(request.scope["query_string"]), keep_blank_values=True)
        headers = dict(request.headers)
        authorization = headers.get("authorization", "")
        account, root = endpoints.account(raw_path, host=headers.get("host", ""), authorization=authorization)
        path = raw_path.removeprefix(root)
        keys = self.service.account_keys(account)
        if bearer_token.is_given(authorization):
            bearer_token.verify(authorization, self.service.tokens, authority=f"{self.service.url}/{TENANT}")
        else:
            shared_key.verify(
                account=account,
                keys=keys,
                method=request.method,
                raw_path=raw_path,
                query=query,
                headers=headers,
                now=times.now(),
            )
        operation, parameters = operations.find(request.method, path)
        _check_query(dict(query))
        versions.require_operation(operation.name, dict(query)["api-version"])
        if operation.name not in HANDLERS:
            raise errors.not_implemented(f"The operation {operation.name}")
        if self.service.reserve.is_short and operation.name.startswith("create_"):
            raise errors.disk_full()
        return await HANDLERS[operation.name](
            Call(
                service=self.service,
                request_id=request_id,
                account=account,
                base_url=f"{request.url.scheme}://{request.url.netloc}{root}",
                path=path,
                method=request.method,
                parameters=parameters,
                query=dict(query),
                headers=headers,
                content=await _content(request),
            )
        )


def _ascii(url_part: bytes) -> str:
    if not url_part.isascii():
        raise errors.url_not_readable()
    return url_part.decode("ascii")


def _check_query(query: Mapping[str, str]) -> None:
    version = query.get("api-version")
    if version is None:
        raise errors.missing_query_parameter("api-version")
    versions.require_known(version)
    if (expand := query.get("$expand", STATISTICS)) != STATISTICS:
        raise errors.invalid_query_parameter("$expand", expand, f"only {STATISTICS} can be expanded")
    for name in TIMEOUTS:
        _check_timeout(name, query.get(name, "30"))
    for name in FLAGS:
        if (flag := query.get(name, "false")).lower() not in ("true", "false"):
            raise errors.invalid_query_parameter(name, flag, "true or false is expected")
    if "force" in query and version < versions.FORCE_SINCE:
        raise errors.unsupported_query_parameter("force", query["force"])


def _check_timeout(name: str, text: str) -> None:
    """Check the seconds that an answer may take, which have no effect here.

    Source: REST reference, timeOut: an int32; values above 30 count as 30.
    """
    if not NUMBER.fullmatch(text):
        raise errors.invalid_query_parameter(name, text, "a number of seconds is expected")
    if int(text) < 0:
        raise errors.query_parameter_out_of_range(name, text, "0 or more is allowed")


async def _content(request: Request) -> bytes:
    try:
        return await read_body(request, most=LARGEST_BODY)
    except BodyTooLarge:
        raise errors.request_body_too_large() from None


def error_answer(exc: errors.BatchError, base_url: str, request_id: str) -> Answer:
    if exc.status == 304:
        return Answer(status=304)
    body: dict[str, Any] = {
        "odata.metadata": f"{base_url}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
        "code": exc.code,
        "message": {"lang": "en-US", "value": errors.stamped(exc.message, request_id)},
    }
    if exc.values:
        body["values"] = [{"key": key, "value": value} for key, value in exc.values.items()]
    return Answer(status=exc.status, content=orjson.dumps(body), headers=exc.headers)
