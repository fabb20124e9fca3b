"""Ends of Batch's api-versions, of the data plane and of Azure Resource Manager.

Source: Azure/Batch#140, entry of 2026-05-15: all versions before 2025-06-01 are to be retired. Learn, "Batch API
status": users are told one year before a version is removed, and requests with it fail from then on.
"""

from datetime import date

AS_OF = date(2026, 11, 27)
"""The day on which the notice was last read."""
ANNOUNCED = date(2026, 5, 15)
EARLIEST_END = date(2027, 5, 15)
"""One year after the announcement, the earliest day on which a version may be removed."""
OLDEST_KEPT = "2025-06-01"
"""The oldest version that the notice does not name."""


def version_doubt(version: str, user: str, today: date) -> str | None:
    """Return a warning about an api-version that Batch removes. `user` names what sends it."""
    if version[:10] >= OLDEST_KEPT:
        return None
    tense = "may be refused since" if today >= EARLIEST_END else "may be refused from"
    return (
        f"{user} sends api-version {version}, which {tense} {EARLIEST_END}; Batch keeps {OLDEST_KEPT} and later "
        f"(Azure/Batch#140, {ANNOUNCED})"
    )
