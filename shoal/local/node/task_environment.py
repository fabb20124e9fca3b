"""The environment of a task's process.

Source: "Azure Batch runtime environment variables"; HOME, USER, PWD and PATH as seen on nodes.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from shoal.local import disk_reserve
from shoal.local.node.directories import NodeDirectory, TaskDirectory
from shoal.local.node.messages import USUAL_USER, Instance, Setup, UnpackedPackage

AUTOMATIC_USER = "_azbatch"
MASTER_PORT = 6000
"""The port that Azure names with the primary's address. Nothing listens there."""


def node_environment(setup: Setup, directory: NodeDirectory) -> dict[str, str]:
    """Return the variables that all tasks of the node see."""
    return {
        "AZ_BATCH_ACCOUNT_NAME": setup.account,
        "AZ_BATCH_ACCOUNT_URL": f"{setup.account_url}/",
        "AZ_BATCH_POOL_ID": setup.pool,
        "AZ_BATCH_NODE_ID": setup.node,
        "AZ_BATCH_NODE_IS_DEDICATED": str(setup.dedicated).lower(),
        "AZ_BATCH_NODE_ROOT_DIR": str(directory.root),
        "AZ_BATCH_NODE_SHARED_DIR": str(directory.shared),
        "AZ_BATCH_NODE_STARTUP_DIR": str(directory.startup.path),
        "AZ_BATCH_NODE_STARTUP_WORKING_DIR": str(directory.startup.working),
        "AZ_BATCH_NODE_MOUNTS_DIR": str(directory.mounts),
        # Documented as the threshold at which a node counts as full; here it is what the service keeps free for itself.
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": str(disk_reserve.SIZE),
        "LANG": "C.UTF-8",
        **setup.trust,
        **identity_environment(setup),
    }


def identity_environment(setup: Setup) -> dict[str, str]:
    """Return the variable by which clients find the tokens of the pool's identity; Azure's nodes have a fixed address.

    Source: azure-identity, `AZURE_POD_IDENTITY_AUTHORITY_HOST` instead of http://169.254.169.254.
    """
    return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": setup.identity_host} if setup.identities else {}


def task_environment(
    base: Mapping[str, str],
    *,
    path: str,
    directory: TaskDirectory,
    user: Mapping[str, Any],
    job: str | None,
    task: str | None,
) -> dict[str, str]:
    """`user` is the userIdentity. `job` and `task` are None for a start task, which belongs to neither."""
    working = str(directory.working)
    names = {"AZ_BATCH_JOB_ID": job, "AZ_BATCH_TASK_ID": task}
    return {
        **base,
        **user_environment(user),
        **{name: value for name, value in names.items() if value is not None},
        "AZ_BATCH_TASK_DIR": str(directory.path),
        "AZ_BATCH_TASK_WORKING_DIR": working,
        "HOME": working,
        "PWD": working,
        "PATH": f"{path}:{base['AZ_BATCH_NODE_SHARED_DIR']}:{working}",
    }


def user_environment(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that name the user of a task: a named one, or an automatic one of some scope and elevation.

    `PoolNonAdmin` and `TaskNonAdmin` were seen on nodes; the forms of administrators follow from these.
    """
    if (name := identity.get("username")) is not None:
        return {"AZ_BATCH_TASK_USER": name, "USER": name}
    automatic = {**USUAL_USER["autoUser"], **identity["autoUser"]}
    elevation = "Admin" if automatic["elevationLevel"] == "admin" else "NonAdmin"
    return {
        "AZ_BATCH_TASK_USER": AUTOMATIC_USER,
        "AZ_BATCH_TASK_USER_IDENTITY": f"{automatic['scope'].capitalize()}{elevation}",
        "USER": AUTOMATIC_USER,
    }


def preparation_environment(preparation: TaskDirectory) -> dict[str, str]:
    """Return the variables by which a job's tasks find the files of its job preparation task."""
    return {
        "AZ_BATCH_JOB_PREP_DIR": str(preparation.path),
        "AZ_BATCH_JOB_PREP_WORKING_DIR": str(preparation.working),
    }


def instance_environment(instance: Instance, directory: TaskDirectory) -> dict[str, str]:
    """Return the variables that the instances of a multi-instance task see, in both of their commands.

    Source: "Azure Batch runtime environment variables". Each node counts as one core, since it has one task slot.
    """
    addresses = [local_address(address) for address in instance.addresses]
    return {
        "AZ_BATCH_NODE_LIST": ";".join(addresses),
        "AZ_BATCH_HOST_LIST": ",".join(addresses),
        "AZ_BATCH_MASTER_NODE": f"{addresses[0]}:{MASTER_PORT}",
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": str(instance.number == 0).lower(),
        "AZ_BATCH_TASK_SHARED_DIR": str(directory.path),
        "CCP_NODES": " ".join([str(len(addresses)), *(f"{address} 1" for address in addresses)]),
    }


def local_address(address: str) -> str:
    """Return the address at which programs of a node can listen: one of the machine's own, another for each node.

    A node's 10.0.0.4 exists nowhere; the whole of 127.0.0.0/8 is this machine, on Linux without any setup.
    """
    return "127." + address.partition(".")[2]


def package_environment(installed: Iterable[tuple[UnpackedPackage, Path]]) -> dict[str, str]:
    """Return the variables that name the directories of packages."""
    return {name: str(path) for package, path in installed for name in package_variables(package)}


@lru_cache
def package_variables(package: UnpackedPackage) -> tuple[str, str]:
    """Name a package with and without its version, in the case of its id and in no other.

    Source: "Deploy applications to compute nodes with Batch application packages": on Linux the case of the id is
    preserved, and in the id and the version `.`, `-` and `#` become `_`.
    """
    application = re.sub(r"[.#-]", "_", package.application)
    version = re.sub(r"[.#-]", "_", package.version or "")
    return f"AZ_BATCH_APP_PACKAGE_{application}", f"AZ_BATCH_APP_PACKAGE_{application}_{version}"
