"""A container's shared access signature, signed by the account's key.

Pure. It equals that of `azure.storage.blob.generate_container_sas`, whose import takes as long as a short command.
"""

import base64
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

VERSION = "2021-08-06"
"""Source: Azure Storage, Create a service SAS: the fields that are signed are these since 2020-12-06."""


def container_signature(
    account: str, key: str, container: str, *, permissions: str, start: datetime, expiry: datetime
) -> str:
    """Return the query part of a URL that gives these permissions for all blobs of the container.

    Source: Azure Storage, Create a service SAS, Version 2020-12-06 and later: the string to sign.
    """
    begins, ends = _time(start), _time(expiry)
    resource = f"/blob/{account}/{container}"
    identifier = addresses = protocol = snapshot = encryption_scope = ""
    response_headers = [""] * 5
    signed = [permissions, begins, ends, resource, identifier, addresses, protocol, VERSION, "c", snapshot]
    text = "\n".join([*signed, encryption_scope, *response_headers])
    digest = hmac.digest(base64.b64decode(key), text.encode(), "sha256")
    fields = {"st": begins, "se": ends, "sp": permissions, "sv": VERSION, "sr": "c"}
    fields["sig"] = base64.b64encode(digest).decode()
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
