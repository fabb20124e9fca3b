"""The shared-key signature of a request, checked as the service checks it.

Source: REST reference, "Authenticate requests to the Azure Batch service"; azure-batch 15.1, which signs query names
in the case it sends them. Both spellings of a name are accepted, since older clients send `timeout` for `timeOut`.
@azure/batch 10.2 and Batch Explorer sign DELETE and PATCH without their Content-Length, which Azure accepts, too.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from shoal.local import errors, times

SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
SIGNED_WITHOUT_LENGTH = ("DELETE", "PATCH")
FRESHNESS = 15 * times.MINUTE


def string_to_sign(
    *,
    account: str,
    method: str,
    raw_path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    length: str | None = None,
) -> str:
    """`raw_path` is the path as it came, percent-encoded; `headers` have lower-case names.

    `length` is the Content-Length that the client signed, where it is not the one that it sent.
    """
    sent = headers.get("content-length", "")
    if not sent and method not in ("GET", "HEAD"):
        sent = "0"
    known = {**headers, "content-length": sent if length is None else length}
    values = [known.get(name, "") for name in SIGNED_HEADERS]
    custom = [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("ocp-")]
    first: dict[str, str] = {}
    for name, value in query:
        first.setdefault(name, value)
    resource = f"/{account}{raw_path}" + "".join(f"\n{name}:{first[name]}" for name in sorted(first) if first[name])
    return "\n".join([method, *values, *custom, resource])


def sign(text: str, key: str) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def verify(
    *,
    account: str,
    keys: Sequence[str],
    method: str,
    raw_path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    now: int,
) -> None:
    """Raises BatchError: InvalidAuthenticationInfo where the header is malformed, AuthenticationFailed else."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    name, colon, signature = credential.partition(":")
    if scheme.lower() != "sharedkey":
        raise errors.authentication_failed("The request carries no SharedKey authorization.")
    if not colon or not signature:
        raise errors.invalid_authentication_info()
    if name.lower() != account.lower():
        raise errors.authentication_failed(f"The request is signed for account {name!r}, not {account!r}.")
    if not any(keys):
        # Source: Azure/BatchExplorer issue 239, of an account whose pools lie in its owner's subscription.
        raise errors.authentication_failed(
            "The specified type of authentication SharedKey is not allowed for this account."
        )
    _check_date(headers, now)
    lowered = [(parameter.lower(), value) for parameter, value in query]
    lengths = (None, "") if method in SIGNED_WITHOUT_LENGTH else (None,)
    texts = [
        string_to_sign(account=name, method=method, raw_path=raw_path, query=spelling, headers=headers, length=length)
        for length in lengths
        for spelling in (query, lowered)
    ]
    given = signature.encode()
    if not any(hmac.compare_digest(sign(text, key).encode(), given) for text in texts for key in keys):
        shown = texts[0].replace("\n", "\\n")
        raise errors.authentication_failed(
            f"The MAC signature found in the HTTP request '{signature}' is not the same as any computed signature. "
            f"Server used following string to sign: '{shown}'."
        )


def _check_date(headers: Mapping[str, str], now: int) -> None:
    date = headers.get("ocp-date") or headers.get("date")
    if not date:
        raise errors.authentication_failed("The request carries neither an ocp-date nor a Date header.")
    try:
        age = now - times.moment_of(date)
    except ValueError:
        raise errors.invalid_authentication_info() from None
    if abs(age) > FRESHNESS:
        raise errors.authentication_failed(f"The request's date {date} is more than 15 minutes off.")
