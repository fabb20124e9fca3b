"""The forms of an account's endpoint: its name is in the path, in the host or in the signature.

`http://HOST:PORT/NAME` is the form that the service gives. Some clients replace the path of an endpoint (@azure/batch
10.2): they reach the data plane at the root, as in Azure.
"""

from shoal.local.api.operations import begins_path

HOSTS = ".localhost"
"""`NAME.localhost` is this machine, without any entry in DNS. Source: RFC 6761, section 6.3."""


def account(raw_path: str, *, host: str, authorization: str) -> tuple[str, str]:
    """Return the account of a request, and the path of its endpoint, which is empty for the root."""
    first = raw_path.split("/", 2)[1] if raw_path.startswith("/") else ""
    if name := _in_host(host):
        return name, f"/{first}" if first.lower() == name else ""
    signer = _signer(authorization)
    # An account may be called `pools`: it signs for itself.
    if signer and signer.lower() != first.lower() and begins_path(first):
        return signer, ""
    return first, f"/{first}"


def _in_host(host: str) -> str:
    name = host.partition(":")[0].lower()
    return name.removesuffix(HOSTS) if name.endswith(HOSTS) else ""


def _signer(authorization: str) -> str:
    scheme, _, credential = authorization.partition(" ")
    return credential.partition(":")[0] if scheme.lower() == "sharedkey" else ""
