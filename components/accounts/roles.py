"""Roles in a stack, the least that each principal needs, as one table (docs/accounts.md shows it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import authorization

Who = Literal["account", "nodes", "deployers", "submitters"]
Scope = Literal["storage", "packages", "inputs", "outputs", "logs", "batch", "schedules"]
"""`schedules` is the Batch account again, where job schedules may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A built-in role. Source: Azure built-in roles, sections Storage and Compute."""

    key: str
    name: str
    definition: str

    def definition_id(self, scope: str) -> str:
        """Return the role's ARM id, which is below the subscription of the scope."""
        return f"{'/'.join(scope.split('/')[:3])}/providers/Microsoft.Authorization/roleDefinitions/{self.definition}"


BLOB_READER = Role(key="read-blobs", name="Storage Blob Data Reader", definition="2a2b9908-6ea1-4ae2-8e65-a410df84e7d1")
BLOB_CONTRIBUTOR = Role(
    key="write-blobs", name="Storage Blob Data Contributor", definition="ba92f5b4-2d11-453d-a403-e96b0029c9fe"
)
JOB_SUBMITTER = Role(
    key="submit-jobs", name="Azure Batch Job Submitter", definition="48e5e92e-a480-4e71-aa9c-2778f4c13781"
)
BATCH_READER = Role(
    key="read-account", name="Azure Batch Account Reader", definition="11076f67-66f6-4be0-8f6b-f0609fd05cc9"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    who: Who
    role: Role
    scope: Scope
    why: str


GRANTS = (
    Grant(who="account", role=BLOB_CONTRIBUTOR, scope="storage", why="keeps application packages in auto-storage"),
    Grant(who="account", role=BLOB_CONTRIBUTOR, scope="packages", why="the same, if packages have their own storage"),
    Grant(who="nodes", role=BLOB_READER, scope="storage", why="read inputs and application packages"),
    Grant(who="nodes", role=BLOB_READER, scope="packages", why="read packages, if they have their own storage"),
    Grant(who="nodes", role=BLOB_CONTRIBUTOR, scope="outputs", why="upload what tasks made"),
    Grant(who="nodes", role=BLOB_CONTRIBUTOR, scope="logs", why="upload what tasks printed"),
    Grant(who="nodes", role=JOB_SUBMITTER, scope="schedules", why="add tasks, with `jobSchedules`"),
    Grant(who="deployers", role=BLOB_CONTRIBUTOR, scope="storage", why="upload application packages"),
    Grant(who="deployers", role=BLOB_CONTRIBUTOR, scope="packages", why="the same, if packages have their own storage"),
    Grant(who="submitters", role=BLOB_READER, scope="storage", why="read what jobs are made of, and results"),
    Grant(who="submitters", role=BLOB_CONTRIBUTOR, scope="inputs", why="upload inputs"),
    Grant(who="submitters", role=BLOB_CONTRIBUTOR, scope="outputs", why="keep what a run was made of; delete results"),
    Grant(who="submitters", role=BLOB_CONTRIBUTOR, scope="logs", why="delete logs with the results"),
    Grant(who="submitters", role=JOB_SUBMITTER, scope="batch", why="add jobs and tasks"),
    Grant(who="submitters", role=BATCH_READER, scope="batch", why="see pools and nodes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    label: str
    """Part of the role assignments' names; never changes for the same principal."""
    id: pulumi.Input[str]
    type: str
    """Always given: without it Azure looks for a user, and does not know a new identity yet."""


def assign_roles(
    name: str,
    principals: Mapping[Who, Sequence[Principal]],
    scopes: Mapping[Scope, pulumi.Input[str]],
    parent: pulumi.Resource,
) -> list["authorization.RoleAssignment"]:
    """Make the role assignments of the table whose scope is among `scopes`."""
    return [
        authorization.RoleAssignment(
            f"{name}-{principal.label}-{grant.role.key}-{grant.scope}",
            scope=scopes[grant.scope],
            role_definition_id=pulumi.Output.from_input(scopes[grant.scope]).apply(grant.role.definition_id),
            principal_id=principal.id,
            principal_type=principal.type,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for grant in GRANTS
        if grant.scope in scopes
        for principal in principals[grant.who]
    ]
