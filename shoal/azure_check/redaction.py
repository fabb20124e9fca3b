"""Secrets and subscriptions taken out of a report, whatever field they got into. Pure."""

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "(removed)"
SECRET_NAME = re.compile(r"key|secret|password|token|credential|signature|connectionstring", re.IGNORECASE)
SECRET_TEXT = re.compile(
    r"[?&](?:[^\s\"'<>]*&)?sig=[^\s\"'<>]*"  # the query of a shared access signature
    r"|(?:AccountKey|SharedAccessSignature|SharedAccessKey|Password|Pwd)=[^;\s\"']+"
    r"|\b(?:Bearer|SharedKey)\s+\S+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a token of Entra
    r"|[A-Za-z0-9+/]{86}==",  # a key of a storage or Batch account
    re.IGNORECASE,
)
PRINCIPAL = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
"""The id of a subscription, tenant or principal."""


def redacted(value: Any) -> Any:
    """Return JSON without secrets and ids of subscriptions, tenants and principals."""
    match value:
        case str():
            return PRINCIPAL.sub(REDACTED, SECRET_TEXT.sub(REDACTED, value))
        case Mapping():
            return {redacted(key): _field(key, item) for key, item in value.items()}
        case list() | tuple():
            return [redacted(item) for item in value]
        case _:
            return value


def _field(name: str, value: Any) -> Any:
    return REDACTED if isinstance(value, str) and value and SECRET_NAME.search(name) else redacted(value)
