"""Limits of Azure: the most and the least that it accepts, and what it never changes. Each stands here once."""

from datetime import timedelta

TASK_SLOTS_PER_NODE = 256
TASK_SLOTS_PER_CORE = 4
"""Source: Batch REST, Pool - Add, taskSlotsPerNode: up to four times the cores, and up to 256."""

PACKAGES_PER_POOL = 10
"""Source: Batch service quotas and limits, application packages of a pool."""

MOUNTS_PER_NODE = 10
"""Source: Batch service quotas and limits, mounts of a node."""

CONTAINER_MOUNTS = {"batch.node.ubuntu 24.04": 1}
"""Most containers that a node mounts, by its agent, if fewer than other mounts. Of several, only the first is mounted,
and the node becomes unusable. Source: Azure/Batch#190 of 2025-03-27, open on 2026-11-22."""

BLOBFUSE_SOURCE = ("packages.microsoft.com", 443)
"""Host and TCP port from which the node agent installs blobfuse when it mounts a container. Source: the agent's log in
Azure/Batch#190 of 2025-03-27."""

USER_ACCOUNT_NAME_LENGTH = 20
"""Source: Batch REST, UserAccount, name: up to 20 characters on every operating system."""

SHORTEST_EVALUATION_INTERVAL = timedelta(minutes=5)
LONGEST_EVALUATION_INTERVAL = timedelta(hours=168)
DEFAULT_EVALUATION_INTERVAL = timedelta(minutes=15)
"""Source: Batch REST, Pool - Add, autoScaleEvaluationInterval: 15 minutes unless given, 5 minutes to 168 hours."""
SHORTEST_EMBEDDED_INTERVAL = timedelta(seconds=1)
"""The embedded service's own, since nobody on a laptop wants to wait five minutes."""

SHORTEST_RESIZE_TIMEOUT = timedelta(minutes=5)
"""Source: Batch REST, Pool - Add, resizeTimeout."""

LOWEST_UPGRADE_PERCENTS = {
    "max_batch_instance_percent": 5,
    "max_unhealthy_instance_percent": 5,
    "max_unhealthy_upgraded_instance_percent": 0,
}
"""The least for each; the most is 100. Source: azure-rest-api Microsoft.Batch, RollingUpgradePolicy."""

DISPLAY_NAME_LENGTH = 1024
"""Source: azure-batch 15.1, displayName of pools, jobs, job schedules and tasks: any Unicode characters."""

START_TASK_CHARACTERS = 32_768
"""Source: Batch service quotas and limits, start task: with its resource files and environment variables."""

DATA_DISKS = 64
"""Source: azure-batch 15.1, DataDisk, lun: 0 to 63."""

PORTS = range(1, 65_536)
FRONTEND_PORTS = range(1, 65_535)
RESERVED_FRONTEND_PORTS = range(50_000, 55_001)
FRONTEND_PORTS_PER_RANGE = 40
"""The least. Source: azure-batch 15.1, BatchInboundNatPool."""
INBOUND_NAT_POOLS = 5
"""Source: azure-batch 15.1, BatchPoolEndpointConfiguration, inboundNATPools."""
NETWORK_RULES_PER_POOL = 25
NETWORK_RULE_PRIORITIES = range(150, 4097)
"""Source: azure-batch 15.1, BatchInboundNatPool, networkSecurityGroupRules, and NetworkSecurityGroupRule, priority."""

FIXED_ONCE_CREATED = (
    "vmSize",
    "deploymentConfiguration",
    "networkConfiguration",
    "interNodeCommunication",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "userAccounts",
    "mountConfiguration",
    "upgradePolicy",
)
"""Properties of a pool that cannot change while it has nodes (PropertyCannotBeUpdated).
Source: azure-rest-api Microsoft.Batch, Pool - Update."""

CHANGED_IN_PLACE = ("scaleSettings", "startTask", "applicationPackages", "metadata", "tags")
"""Properties of a pool that a PATCH replaces, each as a whole. A PUT on an existing pool is refused if it carries a
fixed one, even unchanged. Source: azure-rest-api Microsoft.Batch, Pool - Update; Azure/Batch#85 and #153."""

SOFT_DELETE_DAYS = 365
IMMUTABILITY_DAYS = 146_000
"""Source: azure-rest-api Microsoft.Storage, DeleteRetentionPolicy and ImmutabilityPolicy."""

LOG_RETENTION_DAYS = (30, 730)
"""The least and the most. Source: azure-rest-api, WorkspaceProperties; plan PerGB2018."""

TAGS_PER_RESOURCE = 50
TAG_NAME_PATTERN = r"[^<>%&\\?/]{1,128}"
TAG_VALUE_LENGTH = 256
"""Source: Azure Resource Manager, rules for tags; names of storage accounts' tags have 128 characters, others 512."""


def accepted_evaluation_interval(interval: timedelta) -> timedelta:
    """Return the interval that Azure would accept, which is also the one that a formula sees.

    The embedded service evaluates more often than Azure and stretches time for formulas accordingly.
    """
    return max(interval, SHORTEST_EVALUATION_INTERVAL)
