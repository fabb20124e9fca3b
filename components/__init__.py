"""Component resources for Azure Batch. `Environment` wires the others; each can also be used alone."""

from .accounts.batch_account import BatchAccount, BatchAccountArgs
from .accounts.job_storage import JobStorage, JobStorageArgs
from .accounts.package_storage import PackageStorage, PackageStorageArgs
from .component_errors import PackageError, PublicationError, SettingsError
from .environment import Environment
from .environment_args import EnvironmentArgs
from .monitoring.monitoring import Monitoring, MonitoringArgs
from .network.account_links import PrivateLinks, PrivateLinksArgs
from .network.private_network import PrivateNetwork, PrivateNetworkArgs
from .packages.application_package import ApplicationPackage, ApplicationPackageArgs
from .pool.spot_pool import SpotPool, SpotPoolArgs
from .settings.stack_settings import Settings, read_settings

__all__ = [
    "ApplicationPackage",
    "ApplicationPackageArgs",
    "BatchAccount",
    "BatchAccountArgs",
    "Environment",
    "EnvironmentArgs",
    "JobStorage",
    "JobStorageArgs",
    "Monitoring",
    "MonitoringArgs",
    "PackageError",
    "PackageStorage",
    "PackageStorageArgs",
    "PrivateLinks",
    "PrivateLinksArgs",
    "PrivateNetwork",
    "PrivateNetworkArgs",
    "PublicationError",
    "Settings",
    "SettingsError",
    "SpotPool",
    "SpotPoolArgs",
    "read_settings",
]
