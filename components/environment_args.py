"""What an environment is told: the stack's configuration, checked, in the types of a component's arguments."""

from typing import NotRequired, TypedDict

import pulumi

from shoal.environment import Authentication

from .accounts.batch_account import Submitter
from .accounts.job_storage import StorageSku
from .monitoring.monitoring import MonitoringShape
from .network.private_network import NetworkShape
from .pool.spot_pool import PoolShape


class Package(TypedDict):
    name: str
    """What tasks and pools call the application."""
    directory: str
    """Relative to the project."""
    version: NotRequired[str]
    """That its content must have; whatever it has unless given."""


class Pool(PoolShape):
    """A pool of the environment, with packages by name."""

    name: str
    """The pool's id in Batch."""
    packages: NotRequired[list[str]]
    """Names of packages of the environment."""


class EnvironmentArgs(TypedDict):
    location: str
    """Azure region of everything."""
    resource_group: str
    """Empty for PROJECT-STACK."""
    resource_group_id: NotRequired[str]
    """ARM id of a group that exists and stays, instead of making one; empty for none."""
    batch_account: str
    """Empty for a derived name."""
    batch_account_id: NotRequired[str]
    """ARM id of a Batch account that exists and stays, instead of making one; empty for none."""
    storage_account: str
    """Empty for a derived name."""
    storage_account_id: NotRequired[str]
    """ARM id of a storage account that exists and stays, instead of making one; empty for none."""
    storage_sku: NotRequired[StorageSku]
    """Standard_LRS unless given."""
    authentication: Authentication
    """How clients prove who they are."""
    outputs_expire_after_days: int
    """Days after its last change that what tasks wrote is deleted."""
    soft_delete_days: NotRequired[int]
    """Days that deleted blobs can be got back; 0 turns it off."""
    inputs_immutable_for_days: NotRequired[int]
    """Days after its upload that an input can be neither changed nor deleted; 0 for no such policy."""
    allowed_addresses: NotRequired[list[str]]
    """Public IPv4 addresses and ranges that may reach the accounts; all unless given."""
    allowed_subnets: NotRequired[list[pulumi.Input[str]]]
    """ARM ids of the subnets of the pools: with these, `allowed_addresses` close the storage account too."""
    deployers: list[Submitter]
    """Who uploads application packages: the role for writing blobs."""
    submitters: list[Submitter]
    """Who gets the roles for submitting jobs and reading results."""
    tags: NotRequired[dict[str, str]]
    """Beside `managed-by`, `shoal-project` and `shoal-stack`."""
    packages: list[Package]
    """Application packages, by name."""
    pools: list[Pool]
    """Each by its name."""
    network: NotRequired[NetworkShape]
    """A private network that the pools are in, without public addresses; none unless given."""
    monitoring: NotRequired[MonitoringShape]
    """None unless given."""
