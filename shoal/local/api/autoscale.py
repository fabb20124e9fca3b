"""Operations on a pool's automatic scaling: enable, disable, evaluate."""

from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api.calls import Answer, Call, accepted, context
from shoal.local.api.changes import change
from shoal.local.api.pools import find as find_pool
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler import scaling
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.pool import Pool


async def enable_pool_auto_scale(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchPoolEnableAutoScaleOptions", body, call.version)
    formula, interval = body.get("autoScaleFormula"), body.get("autoScaleEvaluationInterval")
    micros = times.duration(interval) if interval else None
    scaling.check_settings(formula or "", micros or scaling.SHORTEST_INTERVAL)

    def enable(tx: Transaction, pool: Pool) -> None:
        scaling.enable(tx, pool, formula=formula, interval=micros)

    return accepted(call, 200, await change(call, find_pool, enable))


async def disable_pool_auto_scale(call: Call) -> Answer:
    def disable(tx: Transaction) -> int:
        pool = find_pool(call)
        scaling.disable(tx, pool)
        return pool.last_modified

    return accepted(call, 200, await call.service.loop.change(disable))


async def evaluate_pool_auto_scale(call: Call) -> Answer:
    """Evaluate the body's formula on the pool as it is. The answer reports a faulty formula, with status 200."""
    body = call.body()
    DATA_PLANE.normalize("BatchPoolEvaluateAutoScaleOptions", body, call.version)

    def evaluate(tx: Transaction) -> dict[str, Any]:
        pool = find_pool(call)
        if pool.formula is None:
            text = "Automatic scaling is not enabled on the pool, so no formula can be evaluated on it."
            raise errors.conflict("OperationNotValidOnPool", text)
        return scaling.evaluated(tx, pool, body["autoScaleFormula"]).wire()

    run = await call.service.loop.change(evaluate)
    metadata = context(call, "Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun")
    return Answer(
        content=orjson.dumps({"odata.metadata": metadata, **run}),
        headers={"DataServiceId": f"{call.base_url}{call.path}"},
    )
