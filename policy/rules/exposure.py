"""Rules on access to nodes and accounts: no public addresses, no keys."""

from collections.abc import Iterator

from rules.rule import BATCH_ACCOUNT, POOL, STORAGE_ACCOUNT, Circumstances, Inputs, Level, ResourceRule

NO_ADDRESSES = "NoPublicIPAddresses"
BY_IDENTITY = "BatchAccountManagedIdentity"
SHARED_KEY = "SharedKey"


def _public_addresses(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    network = pool.get("networkConfiguration") or {}
    if (network.get("publicIPAddressConfiguration") or {}).get("provision") != NO_ADDRESSES:
        yield "its nodes have public addresses; put it into a private network without public addresses"


def _shared_keys(kind: str, account: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    if kind == STORAGE_ACCOUNT:
        if account.get("allowSharedKeyAccess") is not False:
            yield "it accepts keys; set allowSharedKeyAccess to false (shoal:authentication: entra)"
        return
    modes = account.get("allowedAuthenticationModes")
    if modes is None or SHARED_KEY in modes:
        yield "it accepts keys; leave SharedKey out of allowedAuthenticationModes (shoal:authentication: entra)"
    storage = account.get("autoStorage")
    if storage is not None and storage.get("authenticationMode") != BY_IDENTITY:
        yield f"it accesses its storage with a key; set autoStorage.authenticationMode to {BY_IDENTITY}"


NO_PUBLIC_ADDRESSES = ResourceRule(
    name="no-public-addresses",
    reason="Nodes that cannot be reached cannot be attacked, and tasks rarely need more than outbound access.",
    level=Level.ADVISORY,
    types=(POOL,),
    violations=_public_addresses,
)
NO_SHARED_KEYS = ResourceRule(
    name="no-shared-keys",
    reason="A key gives full access to anyone who copies it, and nobody can see who used it. Roles avoid both.",
    level=Level.MANDATORY,
    types=(STORAGE_ACCOUNT, BATCH_ACCOUNT),
    violations=_shared_keys,
)
