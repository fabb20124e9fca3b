"""Rules on how nodes and accounts are reached: no public address, no key."""

from collections.abc import Iterator

from rules.rule import BATCH_ACCOUNT, POOL, STORAGE_ACCOUNT, Circumstances, Inputs, Level, Rule

WITHOUT = "NoPublicIPAddresses"
BY_IDENTITY = "BatchAccountManagedIdentity"
SHARED_KEY = "SharedKey"


def _public_addresses(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    network = pool.get("networkConfiguration") or {}
    if (network.get("publicIPAddressConfiguration") or {}).get("provision") != WITHOUT:
        yield "its nodes have public addresses; put it into a private network, without public addresses"


def _shared_keys(kind: str, account: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    if kind == STORAGE_ACCOUNT:
        if account.get("allowSharedKeyAccess") is not False:
            yield "it takes keys; set allowSharedKeyAccess to false (shoal:authentication: entra)"
        return
    modes = account.get("allowedAuthenticationModes")
    if modes is None or SHARED_KEY in modes:
        yield "it takes keys; leave SharedKey out of allowedAuthenticationModes (shoal:authentication: entra)"
    storage = account.get("autoStorage")
    if storage is not None and storage.get("authenticationMode") != BY_IDENTITY:
        yield f"it reads its storage by a key; set autoStorage.authenticationMode to {BY_IDENTITY}"


NO_PUBLIC_ADDRESSES = Rule(
    name="no-public-addresses",
    reason="What cannot be reached from outside cannot be attacked from there; tasks seldom need more than a way out.",
    level=Level.ADVISORY,
    types=(POOL,),
    violations=_public_addresses,
)
NO_SHARED_KEYS = Rule(
    name="no-shared-keys",
    reason="A key opens everything to whoever copies it, and nobody sees who used it; roles do neither.",
    level=Level.MANDATORY,
    types=(STORAGE_ACCOUNT, BATCH_ACCOUNT),
    violations=_shared_keys,
)
