"""The digest by which a pool's present formula is compared with the deployed one."""

from hashlib import blake2b


def formula_digest(text: str) -> str:
    """Return the digest of a formula. White space does not count, since services may change it."""
    return blake2b(" ".join(text.split()).encode(), digest_size=8).hexdigest()
