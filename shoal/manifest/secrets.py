"""Secrets are kept out of manifests, whatever part of a job file they stand in. Pure.

A secret is the text under a name such as `token` or `API_PASSWORD`, or text that looks like one, such as the signature
of an address.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shoal.azure_check.redaction import REDACTED, SECRET_TEXT

SECRET_NAME = re.compile(
    r"(?:^|[_\W])(?:password|passwd|pwd|passphrase|secret|token|credential|sas|signature|connection_?string|"
    r"(?:api|access|account|private|shared|storage|batch)_?key)s?(?:$|[_\W])",
    re.IGNORECASE,
)
USER_IN_ADDRESS = re.compile(r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)")
SHORTEST = 4
"""Characters of a value that is also taken out where it stands without its name."""


def is_secret_name(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def secret_values(content: Any) -> Iterator[str]:
    """Yield the texts under names of secrets, in a job file or a mapping of parameters. Templates are none."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            if is_secret_name(str(name)):
                yield from _texts(value)
            yield from secret_values(value)
    elif isinstance(content, list):
        for item in content:
            yield from secret_values(item)


def without_secrets(text: str, secrets: set[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, REDACTED)
    return USER_IN_ADDRESS.sub(REDACTED, SECRET_TEXT.sub(REDACTED, text))


def cleaned(value: Any, secrets: set[str]) -> Any:
    """Return JSON without the secrets."""
    match value:
        case str():
            return without_secrets(value, secrets)
        case Mapping():
            return {name: cleaned(item, secrets) for name, item in value.items()}
        case list() | tuple():
            return [cleaned(item, secrets) for item in value]
        case _:
            return value


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts below a secret's name; of a parameter's declaration, its default and no other key."""
    match value:
        case str() if value and "{{" not in value:
            yield value
        case Mapping():
            yield from _texts(value.get("default"))
        case list():
            for item in value:
                yield from _texts(item)
