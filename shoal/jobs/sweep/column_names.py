"""Names of a table's columns as templates can use them: `Sample ID` becomes `Sample_ID`."""

import re
from collections.abc import Iterable

from shoal.errors import BadInput


def axis_names(columns: Iterable[str], where: str) -> dict[str, str]:
    """Return the axis for each column. Raises BadInput where two columns would be one, or a name has no letters."""
    axes: dict[str, str] = {}
    for column in columns:
        axis = _axis_name(column)
        if column in axes or axis in axes.values() or not axis.strip("_"):
            raise BadInput(f"{where}: '{column}' must be a name of its own: letters, digits and _")
        axes[column] = axis
    return axes


def _axis_name(column: str) -> str:
    """Return the name with `_` for everything that names cannot have, and before a digit."""
    name = column if column.isidentifier() else re.sub(r"\W+", "_", column.strip()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name
