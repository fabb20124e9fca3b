"""A file of prices that a person gives for a forecast, in YAML."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shoal.azure.prices import NodePrice
from shoal.errors import BadInput
from shoal.forecast.prices import PriceList
from shoal.jobs.file.document import read_document
from shoal.validation_messages import sentence, spelling

Rate = Annotated[float, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Node(_Section):
    dedicated: Rate
    spot: Rate


class _Prices(_Section):
    currency: str
    source: str
    as_of: date
    nodes: dict[str, _Node] = Field(min_length=1)


def read_prices(path: Path) -> PriceList:
    """Read `currency`, `source`, `as_of` and `nodes`. Raises BadInput with each mistake and its line."""
    document = read_document(path)
    try:
        prices = _Prices.model_validate(document.value)
    except ValidationError as exc:
        lines = [
            f"{document.at(error['loc'])}: {sentence(error, spelling(error['loc']), _Prices)}"
            for error in exc.errors(include_url=False)
        ]
        raise BadInput("\n".join(lines)) from exc
    return PriceList(
        nodes={
            size.lower(): NodePrice(dedicated=node.dedicated, spot=node.spot) for size, node in prices.nodes.items()
        },
        currency=prices.currency,
        source=prices.source,
        as_of=prices.as_of.isoformat(),
    )
