"""The bearer token of a request, checked as the service checks it."""

from shoal.local import errors
from shoal.local.identity.tokens import BATCH_AUDIENCES, AudienceWrong, TokenExpired, TokenRefused, Tokens

SCHEME = "bearer "


def is_given(authorization: str) -> bool:
    return authorization.lower().startswith(SCHEME)


def verify(authorization: str, tokens: Tokens, *, authority: str) -> None:
    """Raises BatchError AuthenticationFailed; `authority` is where tokens are to be had."""
    try:
        tokens.check(authorization[len(SCHEME) :].strip(), BATCH_AUDIENCES)
    except TokenRefused as exc:
        raise errors.token_refused(_reason(exc), authority, BATCH_AUDIENCES[0]) from None


def _reason(exc: TokenRefused) -> str:
    match exc:
        case TokenExpired():
            return "The access token has expired."
        case AudienceWrong(audience=audience):
            return (
                f"The access token has been obtained from wrong audience or resource '{audience}'. It should exactly "
                f"match (including forward slash) with one of the allowed audiences '{BATCH_AUDIENCES[0]}'"
            )
        case _:
            return f"The access token is not valid: {exc}."
