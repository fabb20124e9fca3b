"""The digest by which a pool's present formula is compared with the deployed one."""

from hashlib import blake2b


def formula_digest(text: str) -> str:
    """Return the same for formulas that differ only in white space, which services may change."""
    return blake2b(" ".join(text.split()).encode(), digest_size=8).hexdigest()
