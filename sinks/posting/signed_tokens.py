"""OAuth 2 client credentials with a signed assertion (RFC 7523): tokens that can be had anew at any time, so that none is kept."""

from typing import Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, RSAKey

from sinks.external.connections import Connection
from sinks.external.results import AuthRefused
from sinks.posting.clock import SECOND, Clock
from sinks.posting.secrets import secret_of
from sinks.posting.token_place import TokenCalls, TokenPlace, token_seconds

ASSERTION_SECONDS: Final = 300
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SIGNING_SECRETS: Final = {
    "client_id": "the client id that the vendor gave",
    "certificate_id": "the id that the vendor gave to the uploaded certificate",
    "private_key": "the private key of that certificate, PEM",
}
"""Secrets of a connection whose tokens are asked for so: name -> what it is."""
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class SignedTokens:
    """The tokens of one connection."""

    def __init__(self, connection: Connection, url: str, scope: str, clock: Clock, calls: TokenCalls | None = None) -> None:
        """Raises `SettingsError` for a URL that would show the tokens."""
        self._connection = connection
        self._place = TokenPlace(url, "is the certificate still valid there, and do client_id, certificate_id and private_key fit?", calls)
        self._scope = scope
        self._clock = clock
        self._token: str | None = None
        self._good_until = 0

    async def token(self) -> str:
        """See `Access.token`."""
        if self._token is None or self._clock.now() >= self._good_until:
            form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion()}
            answer = await self._place.ask(urlencode(form), {})
            token = answer.get("access_token")
            if not isinstance(token, str) or not token:
                raise AuthRefused("the vendor's answer to the assertion has no access_token")
            self._token, self._good_until = token, self._clock.now() + token_seconds(answer) * SECOND
        return self._token

    async def refused(self, token: str) -> None:
        """See `Access.refused`."""
        if token == self._token:
            self._token = None

    def _assertion(self) -> str:
        key, algorithm = _signing(self._secret("private_key"))
        signed: Any = sign_jwt_bearer_assertion(
            key,
            self._secret("client_id"),
            self._place.url,
            issued_at=self._clock.now() // SECOND,
            expires_in=ASSERTION_SECONDS,
            claims={"scope": self._scope},
            header={"typ": "JWT", "alg": algorithm, "kid": self._secret("certificate_id")},
        )
        return str(signed)

    def _secret(self, name: str) -> str:
        path = self._connection.secrets.get(name)
        place = f"connection {self._connection.name}: secrets.{name}"
        if path is None:
            raise AuthRefused(f"{place} is missing: {SIGNING_SECRETS[name]}")
        return secret_of(path, place, lines=name == "private_key")


def _signing(pem: str) -> tuple[RSAKey | ECKey, str]:
    """The key, and the algorithm that it signs with."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise AuthRefused("private_key is no private key in PEM without a pass phrase") from None
    if isinstance(key, RSAPrivateKey):
        return RSAKey.import_key(pem), "PS256"
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return ECKey.import_key(pem), _CURVES[key.curve.name]
    raise AuthRefused("private_key is neither an RSA key nor one of the curves P-256, P-384 and P-521")
