"""The cores that pools have used, by half hours and since they were made.

Source: azure-batch 15.1, BatchPoolUsageMetrics, BatchPoolUsageStatistics; forms of answers as recorded.
"""

from collections.abc import Sequence
from typing import Any

from shoal.local import errors, times
from shoal.local.api import odata, statistics
from shoal.local.api.calls import Answer, Call, page
from shoal.local.api.odata import ALL, PREFIX, Column
from shoal.local.scheduler import quotas
from shoal.local.store.pool import Pool
from shoal.local.store.pool_usage import INTERVAL, PoolUsage, dedicated_time, first_use, last_interval, usage_query

COLUMNS = {"poolId": Column("pool_id", "text", ALL - {"ne"} | {PREFIX})}


async def list_pool_usage_metrics(call: Call) -> Answer:
    """Answer with the intervals of a span of time, or with the last one; none is shown before it is over."""
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    start, end = _span(call)
    query, values = usage_query(call.account, start=start, end=end, condition=condition, parameters=parameters)
    # Apart: a span may have many intervals, and a pool many nodes.
    used = await call.service.read_apart(PoolUsage.from_row, query, *values)
    after, size = call.after_name(), call.page_size()
    following = [usage for usage in used if not after or usage.name > after]
    views = [_view(usage) for usage in following[:size]]
    return page(call, "poolusagemetrics", views, following[size - 1].name if len(following) > size else None)


def _span(call: Call) -> tuple[int, int]:
    """Return the requested span of time, as far as anything is known of it. Raises BatchError."""
    began, over = last_interval(times.now())
    start, end = _moment(call, "startTime", began), _moment(call, "endtime", over)
    if start > end:
        raise errors.invalid_query_parameter("startTime", call.query["startTime"], "it must not lie after endtime")
    known = first_use(call.service.connection, call.account)
    return max(start, over if known is None else known - known % INTERVAL), min(end, over)


def _moment(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    try:
        return times.moment_of(text)
    except ValueError:
        raise errors.invalid_query_parameter(name, text, "a time such as 2026-01-31T12:00:00Z is expected") from None


def _view(usage: PoolUsage) -> dict[str, Any]:
    return {
        "poolId": usage.pool_id,
        "startTime": times.iso(usage.began),
        "endTime": times.iso(usage.ended),
        "vmSize": usage.vm_size,
        "totalCoreHours": usage.node_time * quotas.cores(usage.vm_size) / times.HOUR,
    }


def add_to_pools(call: Call, pools: Sequence[Pool], views: Sequence[dict[str, Any]]) -> None:
    """Add the statistics of pools where the client asks for them."""
    if not statistics.wanted(call):
        return
    now = times.now()
    for pool, view in zip(pools, views, strict=True):
        used = dedicated_time(call.service.connection, pool, now)
        span = statistics.span(view["url"], pool.created, now)
        core_time = sum(node_time * quotas.cores(vm_size) for vm_size, node_time in used)
        usage = {name: value for name, value in span.items() if name != "url"}
        view[statistics.STATISTICS] = {
            **span,
            "usageStats": {**usage, "dedicatedCoreTime": times.iso_duration(core_time)},
        }
