"""Automatic scaling of a pool: on, off, and tried."""

from typing import Any

import orjson
from azure.batch import models

from shoal.local import errors, times
from shoal.local.api import conditions, shapes
from shoal.local.api.calls import Answer, Call, accepted
from shoal.local.scheduler import pools, scaling
from shoal.local.scheduler.loop import Transaction


async def enable_pool_auto_scale(call: Call) -> Answer:
    body = call.body()
    shapes.normalize(models.BatchPoolEnableAutoScaleOptions, body)
    formula, interval = body.get("autoScaleFormula"), body.get("autoScaleEvaluationInterval")
    micros = times.duration(interval) if interval else None
    scaling.check_settings(formula or "", micros or scaling.SHORTEST_INTERVAL)

    def enable(tx: Transaction) -> int:
        pool = pools.by_id(tx, call.account, call["pool_id"])
        conditions.check(call.method, call.headers, pool["last_modified"])
        scaling.enable(tx, pool, formula=formula, interval=micros)
        return tx.now

    return accepted(call, 200, await call.service.loop.change(enable))


async def disable_pool_auto_scale(call: Call) -> Answer:
    def disable(tx: Transaction) -> int:
        pool = pools.by_id(tx, call.account, call["pool_id"])
        scaling.disable(tx, pool)
        return int(pool["last_modified"])

    return accepted(call, 200, await call.service.loop.change(disable))


async def evaluate_pool_auto_scale(call: Call) -> Answer:
    """The formula of the body on the pool as it is; what is wrong with it is said in the answer, which is 200."""
    body = call.body()
    shapes.normalize(models.BatchPoolEvaluateAutoScaleOptions, body)

    def evaluate(tx: Transaction) -> dict[str, Any]:
        pool = pools.by_id(tx, call.account, call["pool_id"])
        if pool["formula"] is None:
            text = "Automatic scaling is not enabled on the pool, so no formula can be evaluated on it."
            raise errors.conflict("OperationNotValidOnPool", text)
        return scaling.evaluated(tx, pool, body["autoScaleFormula"]).wire()

    run = await call.service.loop.change(evaluate)
    return Answer(content=orjson.dumps({"odata.metadata": f"{call.base_url}/$metadata#autoscalerun", **run}))
