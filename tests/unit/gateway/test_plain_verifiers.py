"""Verifiers without a signature: shared secrets, networks, pointers."""

from ipaddress import ip_address, ip_network

import pytest

from sources.gateway.verifiers import allow_list, mollie, shared_secret
from sources.gateway.verifiers.verdict import POINTER, VERIFIED, Refused

SECRETS = (b"new-secret", b"old-secret")
PROXIES = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize("given", ["new-secret", "old-secret"])
def test_a_header_with_either_secret_is_taken(given: str) -> None:
    assert shared_secret.verify_header(given, SECRETS) == VERIFIED


@pytest.mark.parametrize("given", ["new-secre", "new-secret ", "NEW-SECRET", "new-secret,old-secret", "\udcff"])
def test_any_other_header_is_refused(given: str) -> None:
    assert shared_secret.verify_header(given, SECRETS) == Refused("credentials_wrong")


def test_missing_credentials_are_named() -> None:
    assert shared_secret.verify_header(None, SECRETS) == Refused("credentials_missing")
    assert shared_secret.verify_basic("", "asiento", SECRETS) == Refused("credentials_missing")


@pytest.mark.parametrize("given", ["Basic YXNpZW50bzpvbGQtc2VjcmV0", "basic YXNpZW50bzpuZXctc2VjcmV0"])
def test_basic_authentication_is_taken(given: str) -> None:
    assert shared_secret.verify_basic(given, "asiento", SECRETS) == VERIFIED


@pytest.mark.parametrize(
    "given",
    ["YXNpZW50bzpvbGQtc2VjcmV0", "Bearer YXNpZW50bzpvbGQtc2VjcmV0", "Basic", "Basic YXNpZW50bzp4", "Basic  YXNpZW50bzpvbGQtc2VjcmV0"],
)
def test_other_authorizations_are_refused(given: str) -> None:
    assert shared_secret.verify_basic(given, "asiento", SECRETS) == Refused("credentials_wrong")


def test_networks() -> None:
    networks = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    for inside in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1"):
        assert allow_list.verify(ip_address(inside), networks) == VERIFIED
    for outside in ("203.0.114.9", "::1"):
        assert allow_list.verify(ip_address(outside), networks) == Refused("sender_not_allowed")
    assert allow_list.verify(None, networks) == Refused("sender_not_allowed")


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("198.51.100.1", ["1.2.3.4"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4", " 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9", "unknown"], None),
    ],
)
def test_the_sender_behind_our_proxies_is_what_they_saw_not_what_was_claimed(peer: str, forwarded: list[str], sender: str | None) -> None:
    found = allow_list.sender_of(ip_address(peer), forwarded, PROXIES)
    assert found == (ip_address(sender) if sender else None)


@pytest.mark.parametrize("body", [b"id=tr_WDqYK6vllg", b"id=ord_8wmqcHMN4U", b"id=re_4qqhO89gsT"])
def test_mollie_points(body: bytes) -> None:
    assert mollie.verify(body) == POINTER


@pytest.mark.parametrize("body", [b"", b"id=", b"id=tr_", b"id=tr_x&id=tr_y", b"id=tr_x\n", b'{"id": "tr_x"}', b"id=tr_" + b"x" * 129])
def test_mollie_bodies_that_point_at_nothing(body: bytes) -> None:
    assert mollie.verify(body) == Refused("signature_malformed")
