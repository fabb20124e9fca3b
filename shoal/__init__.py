"""Shoal: Azure Batch environments as code, and templated jobs that run on them or on a laptop."""

from pathlib import Path

_CLONE = Path(__file__).parents[1]

# A wheel has the components inside this package, a clone beside it: `shoal.components` is the same module in both.
if not (_CLONE / "shoal" / "components").is_dir() and (_CLONE / "components" / "PulumiPlugin.yaml").is_file():
    __path__.append(str(_CLONE))
