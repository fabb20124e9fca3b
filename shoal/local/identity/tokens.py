"""Access tokens of one service: issued and checked with a key that its state keeps, so they outlive a restart.

Their form is Entra's version 1.0: RS256, and the audience is the resource that the token was requested for.
Source: Microsoft identity platform, "Access token claims reference".
"""

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

TENANT = str(uuid.UUID(int=0))
"""The one tenant, which the ARM side gives to every subscription and identity."""
ISSUER = f"https://sts.windows.net/{TENANT}/"
ALGORITHM = "RS256"
LIFE = 3600
OWN_LIFE = 10 * 365 * 86400
"""Seconds. The service's own token is to last as long as the service runs."""
ARM_AUDIENCES = (
    "https://management.core.windows.net/",
    "https://management.core.windows.net",
    "https://management.azure.com/",
    "https://management.azure.com",
)
"""Source: the message of ARM's InvalidAuthenticationTokenAudience."""
BATCH_AUDIENCES = ("https://batch.core.windows.net/",)
"""Source: the message of Batch's AuthenticationFailed for a token, which wants the slash."""
STORAGE_AUDIENCES = ("https://storage.azure.com/", "https://storage.azure.com")
"""Source: Azure Storage, "Authorize with Microsoft Entra ID", resource id."""

Claims = dict[str, Any]


class TokenRefused(Exception):
    """A token that is not valid here; the subclasses are the cases that Azure tells apart."""


class TokenExpired(TokenRefused):
    pass


class AudienceWrong(TokenRefused):
    def __init__(self, audience: str) -> None:
        super().__init__(audience)
        self.audience = audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    client_id: str
    object_id: str


OWNER = Principal(client_id=str(uuid.UUID(int=0)), object_id=str(uuid.UUID(int=0)))
"""The person who runs the service."""


class Tokens:
    def __init__(self, private_key: str) -> None:
        """`private_key` is in PEM, as `make_key` returns it."""
        key = load_pem_private_key(private_key.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._private = key
        self._public = key.public_key()
        self.public_pem = self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = str(uuid.uuid5(uuid.NAMESPACE_OID, self.public_pem.decode()))

    def issue(self, audience: str, principal: Principal = OWNER, life: int = LIFE) -> str:
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": ISSUER,
            "iat": now,
            "nbf": now,
            "exp": now + life,
            "appid": principal.client_id,
            "appidacr": "1",
            "idp": ISSUER,
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": TENANT,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": self._key_id})

    def check(self, token: str, audiences: Collection[str]) -> Claims:
        """Return the claims of a valid token for one of the audiences. Raises TokenRefused."""
        try:
            claims: Claims = jwt.decode(
                token,
                self._public,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["aud", "exp", "nbf", "oid", "tid"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError as exc:
            raise TokenExpired from exc
        except jwt.InvalidTokenError as exc:
            raise TokenRefused(str(exc)) from exc
        # Here rather than by PyJWT, whose error does not hold the audience that Azure's message names.
        if claims["aud"] not in audiences:
            raise AudienceWrong(str(claims["aud"]))
        return claims

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set (RFC 7517)."""
        key = RSAAlgorithm.to_jwk(self._public, as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}]}


def make_key() -> str:
    """Return a new private key in PEM; takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
