"""The cost section of a pull request's comment. Pure text."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from shoal.azure.prices import AS_OF, CURRENCY, REGION
from shoal.pull_requests.markdown import code, table
from shoal.pull_requests.pool_cost import Assumption, PoolCost, UnknownCost
from shoal.quantities import duration


def cost_text(costs: Sequence[PoolCost | UnknownCost], assumption: Assumption) -> str:
    """Return the section on the cost of jobs and pools as markdown; empty if there is nothing to say."""
    known = [cost for cost in costs if isinstance(cost, PoolCost)]
    following = [cost for cost in known if not cost.fixed]
    parts = [
        _following(following, assumption) if following else "",
        *(_fixed(cost, assumption) for cost in known if cost.fixed),
        *(
            f"The cost of {cost.tasks:,} tasks on pool {code(cost.pool)} is unknown: {cost.reason}."
            for cost in costs
            if isinstance(cost, UnknownCost)
        ),
        _prices(known),
    ]
    return "\n\n".join(part for part in parts if part)


def _following(costs: Sequence[PoolCost], assumption: Assumption) -> str:
    columns = ("pool", "tasks", "node-hours", "peak nodes", "finished after")
    rows = [[*_cost_row(cost), *_price_cell(cost, costs, assumption)] for cost in costs]
    return (
        f"{table((*columns, 'cost')[: len(rows[0])], rows)}\n\n"
        "Simulated with each pool's own formula, all tasks submitted at once. Assumptions: a task takes "
        f"{duration(assumption.task_duration)} (`--task-duration`), every requested node starts and stays, "
        "and a stage starts when the stages before it have ended."
    )


def _cost_row(cost: PoolCost) -> Sequence[str]:
    return code(cost.pool), f"{cost.tasks:,}", f"**{cost.node_hours:,.1f}**", f"{cost.peak_nodes:,}", _ends(cost)


def _price_cell(cost: PoolCost, costs: Sequence[PoolCost], assumption: Assumption) -> Sequence[str]:
    """Return the cell of the cost column, or none if no pool has a price."""
    return [] if all(one.price is None for one in costs) else [_money(cost, assumption)]


def _ends(cost: PoolCost) -> str:
    if cost.unfinished:
        return f"{cost.unfinished:,} tasks not finished after {duration(timedelta(seconds=cost.seconds))}"
    return duration(timedelta(seconds=cost.seconds))


def _fixed(cost: PoolCost, assumption: Assumption) -> str:
    price = "" if cost.price is None else f", {_money(cost, assumption)}"
    return (
        f"Pool {code(cost.pool)} always has {cost.peak_nodes:,} nodes, with or without tasks: "
        f"**{cost.node_hours:,.0f}** node-hours a day{price}."
    )


def _prices(costs: Sequence[PoolCost]) -> str:
    sentences = [*_listed_prices(costs)]
    if any(_alike(cost) for cost in costs):
        sentences.append(
            "Spot and dedicated nodes are priced alike, because one price was given (`--node-price DEDICATED/SPOT`)."
        )
    if any(cost.price is None for cost in costs):
        sentences.append("No costs are shown without the price of a node-hour (`--node-price`).")
    return "\n\n".join(sentences)


def _listed_prices(costs: Sequence[PoolCost]) -> Iterator[str]:
    """Yield a sentence that says which prices are the table's."""
    listed = {cost.listed_size: cost.node_price for cost in costs if cost.listed_size and cost.node_price}
    if listed:
        prices = "; ".join(
            f"{code(size)} {one.dedicated:g} dedicated, {one.spot:g} Spot" for size, one in listed.items()
        )
        yield (
            f"Approximate prices of a node-hour in {CURRENCY}, Linux in {REGION}, from a table of {AS_OF}: {prices}. "
            "Spot prices vary; `--node-price` gives yours."
        )


def _alike(cost: PoolCost) -> bool:
    price = cost.node_price
    has_both = cost.spot_node_hours > 0 and cost.dedicated_node_hours > 0
    return has_both and price is not None and price.dedicated == price.spot


def _money(cost: PoolCost, assumption: Assumption) -> str:
    currency = CURRENCY if cost.listed_size else assumption.currency
    return "" if cost.price is None else f"{cost.price:,.2f} {currency}".rstrip()
