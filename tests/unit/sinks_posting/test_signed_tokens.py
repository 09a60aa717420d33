"""Tokens that are asked for with an assertion, signed with the connection's private key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import import_key

from sinks.external.access import OAuth
from sinks.external.capabilities import CallLimits
from sinks.external.connections import Connection
from sinks.external.http_calls import Answer
from sinks.external.port import Request
from sinks.external.results import AuthRefused, NotSent
from sinks.posting.access import access_of
from sinks.posting.clock import SECOND
from sinks.posting.signed_tokens import SignedTokens
from sinks.posting.store import PostingStore
from tests.posting_faults import KillableStore, KillPlan, VirtualClock

PLACE = "/services/rest/auth/oauth2/v1/token"
URL = "https://1234567.suitetalk.api.netsuite.com" + PLACE
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass
class Vendor:
    """Gives a token for each assertion, good for an hour as NetSuite says it: in a text."""

    status: int = 200
    more: Mapping[str, str] = field(default_factory=dict)
    forms: list[Mapping[str, list[str]]] = field(default_factory=list)

    async def send(self, request: Request, secret_headers: Mapping[str, str]) -> Answer:
        assert (request.path, dict(secret_headers)) == ("", {})
        self.forms.append(parse_qs(request.body))
        values = {"access_token": f"a{len(self.forms)}", "expires_in": "3600", "token_type": "Bearer", **self.more}
        return Answer(status=self.status, headers={}, body=orjson.dumps(values))


@dataclass
class Office:
    """A connection with the secrets of an integration."""

    folder: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    vendor: Vendor = field(default_factory=Vendor)

    def tokens(self, pem: str) -> SignedTokens:
        secrets = {"client_id": "id-1", "certificate_id": "cert-1", "private_key": pem}
        for name, text in secrets.items():
            (self.folder / name).write_text(f"{text}\n")
        connection = Connection(name="books", kind="netsuite", secrets={name: self.folder / name for name in secrets})
        return SignedTokens(connection, URL, "rest_webservices", self.clock, self.vendor)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def _pem(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa.generate_private_key(public_exponent=65537, key_size=2048), "PS256"), (CURVE, "ES256")],
    ids=["rsa", "curve"],
)
async def test_the_assertion_is_signed_for_this_place_and_no_longer_than_needed(office: Office, key: Key, algorithm: str) -> None:
    assert await office.tokens(_pem(key)).token() == "a1"
    (form,) = office.vendor.forms
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    read = jwt.decode(form["client_assertion"][0], import_key(public, "RSA" if algorithm == "PS256" else "EC"), algorithms=[algorithm])
    assert read.header == {"typ": "JWT", "alg": algorithm, "kid": "cert-1"}
    assert {name: read.claims[name] for name in ("iss", "aud", "scope")} == {"iss": "id-1", "aud": URL, "scope": "rest_webservices"}
    assert read.claims["iat"] == office.clock.now() // SECOND
    assert read.claims["exp"] - read.claims["iat"] == 300


async def test_a_token_is_used_until_it_ends_or_is_refused(office: Office) -> None:
    tokens = office.tokens(_pem(CURVE))
    assert [await tokens.token(), await tokens.token()] == ["a1", "a1"]
    office.clock.time += 3_539 * SECOND
    assert await tokens.token() == "a1"
    office.clock.time += 2 * SECOND
    assert await tokens.token() == "a2"
    await tokens.refused("a1")
    assert await tokens.token() == "a2"
    await tokens.refused("a2")
    assert await tokens.token() == "a3"


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("no key", "no private key in PEM"),
        (_pem(ec.generate_private_key(ec.SECP256K1())), "neither an RSA key nor"),
    ],
)
async def test_a_key_that_cannot_sign_says_so(office: Office, pem: str, words: str) -> None:
    with pytest.raises(AuthRefused, match=words) as raised:
        await office.tokens(pem).token()
    assert pem not in str(raised.value)


async def test_a_refused_certificate_waits_for_a_person(office: Office) -> None:
    office.vendor.status, office.vendor.more = 400, {"error": "invalid_grant"}
    with pytest.raises(AuthRefused, match="certificate_id and private_key"):
        await office.tokens(_pem(CURVE)).token()
    office.vendor.status, office.vendor.more = 503, {}
    with pytest.raises(NotSent, match="no new tokens now") as raised:
        await office.tokens(_pem(CURVE)).token()
    assert type(raised.value) is NotSent
    office.vendor.status, office.vendor.more = 200, {"access_token": ""}
    with pytest.raises(AuthRefused, match="no access_token"):
        await office.tokens(_pem(CURVE)).token()


async def test_a_missing_secret_says_what_it_is(office: Office) -> None:
    with pytest.raises(AuthRefused, match=r"secrets\.private_key is missing: the private key"):
        await SignedTokens(Connection(name="books", kind="netsuite"), URL, "x", office.clock, office.vendor).token()


async def test_the_place_of_tokens_stands_below_the_base_url(tmp_path: Path) -> None:
    connection = Connection(name="books", kind="netsuite", base_url="http://127.0.0.1:1")
    oauth = OAuth(token_url=PLACE, rotates=False, assertion_scope="x")
    store = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    access = access_of(connection, oauth, CallLimits(), KillableStore(store, KillPlan()), VirtualClock())
    with pytest.raises(AuthRefused, match=r"secrets\.private_key"):
        await access.token()
    store.close()
