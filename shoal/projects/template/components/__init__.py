"""Components of this project: Shoal's, and your own, which belong in this folder.

A file `dashboard.py` beside this one with a class `Dashboard(pulumi.ComponentResource)` is used in `__main__.py` by
`from components.dashboard import Dashboard`.
"""

from shoal.components import (
    ApplicationPackage,
    BatchAccount,
    Environment,
    JobStorage,
    Monitoring,
    PackageStorage,
    PrivateLinks,
    PrivateNetwork,
    SpotPool,
    read_settings,
)

__all__ = [
    "ApplicationPackage",
    "BatchAccount",
    "Environment",
    "JobStorage",
    "Monitoring",
    "PackageStorage",
    "PrivateLinks",
    "PrivateNetwork",
    "SpotPool",
    "read_settings",
]
