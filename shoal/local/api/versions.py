"""Api-versions that exist, on both planes, and what of the data plane's operations is newer than 2019.

`shapes` knows what each version has in requests and answers.
"""

import re
from collections.abc import Mapping
from datetime import date

from shoal.local import errors

DATA_PLANE_VERSIONS = frozenset(
    {
        "2019-06-01.9.0",
        "2019-08-01.10.0",
        "2020-03-01.11.0",
        "2020-09-01.12.0",
        "2021-06-01.14.0",
        "2022-01-01.15.0",
        "2022-10-01.16.0",
        "2023-05-01.17.0",
        "2023-11-01.18.0",
        "2024-02-01.19.0",
        "2024-07-01.20.0",
        "2025-06-01",
    }
)
"""Source: azure-sdk-for-rust, services/svc/batch, which lists those until 2023; the change log of azure-batch until
15.1 (2026-03-06) for the later ones."""
ARM_VERSION = re.compile(r"(\d{4}-\d\d-\d\d)(-[a-z]+)?", re.ASCII | re.IGNORECASE)
"""A date, and for some a word such as `-preview`."""
OPERATIONS_SINCE: Mapping[str, str] = {"deallocate_node": "2024-07-01", "start_node": "2024-07-01"}
FORCE_SINCE = "2024-07-01"
"""Source of both: the change log of azure-batch 15.0.0b2."""


def require_known(version: str) -> None:
    """Raises BatchError UnsupportedRequestVersion where Batch never had a version of the data plane."""
    if version not in DATA_PLANE_VERSIONS:
        raise errors.unsupported_version(version)


def require_operation(operation: str, version: str) -> None:
    """Raises BatchError InvalidUri where an operation is newer than the request's version."""
    if version < OPERATIONS_SINCE.get(operation, ""):
        raise errors.invalid_uri()


def is_arm_version(version: str) -> bool:
    """Return whether a text may be an api-version of some resource provider: which ones there are is not listed."""
    match = ARM_VERSION.fullmatch(version)
    if match is None:
        return False
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return False
    return True
