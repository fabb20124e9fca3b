"""Log in to a node by ssh: its address, and a user with the caller's own key."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.batch.models import BatchNodeUserCreateOptions
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.nodes.node_lookup import FoundNode

KEYS = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
"""Public keys of OpenSSH, the preferred one first."""
LIFE = timedelta(hours=8)
"""Time after which Batch removes the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLogin:
    node_id: str
    user: str
    address: str
    port: int

    @property
    def command(self) -> list[str]:
        return ["ssh", "-p", str(self.port), f"{self.user}@{self.address}"]


def remote_login(services: Services, node: FoundNode, user: str) -> RemoteLogin:
    """Return where the node takes ssh. Raises BadInput where it has no such settings."""
    try:
        settings = services.batch.get_node_remote_login_settings(node.pool_id, node.id)
    except ResourceNotFoundError as exc:
        raise BadInput(f"node {node.id} is gone, or does not take logins yet: it is {node.state}") from exc
    return RemoteLogin(
        node_id=node.id, user=user, address=settings.remote_login_ip_address, port=settings.remote_login_port
    )


def public_key(directory: Path) -> str:
    """Return the caller's public key. Raises BadInput where there is none."""
    for name in KEYS:
        if (path := directory / name).is_file():
            return path.read_text(encoding="utf-8").strip()
    raise BadInput(f"there is no public key in {directory} ({', '.join(KEYS)}); `ssh-keygen` makes one")


def add_user(services: Services, node: FoundNode, user: str, key: str, *, is_admin: bool) -> None:
    """Add a user who may log in with this key, for some hours; one of this name is replaced."""
    expiry = datetime.now(UTC) + LIFE
    options = BatchNodeUserCreateOptions(name=user, ssh_public_key=key, is_admin=is_admin, expiry_time=expiry)
    try:
        services.batch.create_node_user(node.pool_id, node.id, options)
    except ResourceExistsError:
        services.batch.delete_node_user(node.pool_id, node.id, user)
        services.batch.create_node_user(node.pool_id, node.id, options)
