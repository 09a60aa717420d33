"""Verifiers of shared keys: what an independent implementation signs is taken, any changed byte is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.gateway.verifiers import adyen, hmac_body, mercado_pago, square, stripe, zoho
from sources.gateway.verifiers.hmac_keys import HmacKey
from sources.gateway.verifiers.verdict import VERIFIED, Refused, Verdict
from tests.unit.gateway.hand import hmac_sha256, in_base64

OLD, NEW = b"the old secret", b"the new secret, longer than a block of the hash so that it is hashed first, as it must be"
KEYS = (HmacKey(NEW), HmacKey(OLD))
NOW = 1_800_000_000
BODY = '{"id": 450789469, "total_price": "598.94", "note": "Zürich ☃"}'.encode()
URL = b"https://hooks.example.com/in/acme/square:main"
ADYEN_KEY = bytes(range(32))

changes = st.tuples(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))


def changed(data: bytes, change: tuple[int, int]) -> bytes:
    """One byte of it is another."""
    at = change[0] % len(data)
    return data[:at] + bytes([data[at] ^ change[1]]) + data[at + 1 :]


def changed_text(text: str, change: tuple[int, int]) -> str:
    """One byte of a header, as a server hands it on."""
    return changed(text.encode(), change).decode("utf-8", "surrogateescape")


def _stripe_header(body: bytes, secret: bytes = OLD, time: int = NOW) -> str:
    return f"t={time},v1={hmac_sha256(secret, f'{time}.'.encode() + body).hex()},v0=00"


def _stripe(header: str, body: bytes) -> Verdict:
    return stripe.verify(header, body, KEYS, NOW, 300)


def _square(header: str, body: bytes) -> Verdict:
    return square.verify(header, URL, body, KEYS)


def _shopify(header: str, body: bytes) -> Verdict:
    return hmac_body.verify(header, body, KEYS)


def _prefixed(header: str, body: bytes) -> Verdict:
    return hmac_body.verify(header, body, KEYS, "hex", "sha256=")


def _zoho(header: str, body: bytes) -> Verdict:
    return zoho.verify(header, [("name", "basic"), ("a", "1")], "application/json", body, KEYS)


SCHEMES: dict[str, tuple[Callable[[str, bytes], Verdict], Callable[[bytes, bytes], str]]] = {
    "shopify": (_shopify, lambda secret, body: in_base64(hmac_sha256(secret, body))),
    "prefixed": (_prefixed, lambda secret, body: f"sha256={hmac_sha256(secret, body).hex()}"),
    "stripe": (_stripe, lambda secret, body: _stripe_header(body, secret).removesuffix(",v0=00")),
    "square": (_square, lambda secret, body: in_base64(hmac_sha256(secret, URL + body))),
    "zoho": (_zoho, lambda secret, body: hmac_sha256(secret, b"a1namebasic" + body).hex()),
}
NAMES = sorted(SCHEMES)


@pytest.mark.parametrize("secret", [OLD, NEW])
@pytest.mark.parametrize("name", NAMES)
def test_what_either_active_secret_signed_is_taken(name: str, secret: bytes) -> None:
    verify, sign = SCHEMES[name]
    for body in (BODY, b"", b"\x00\xff" * 5_000):
        assert verify(sign(secret, body), body) == VERIFIED


@pytest.mark.parametrize("name", NAMES)
def test_another_secret_is_refused(name: str) -> None:
    verify, sign = SCHEMES[name]
    assert verify(sign(b"a third secret", BODY), BODY) == Refused("signature_wrong")


@pytest.mark.parametrize("name", NAMES)
@given(change=changes)
def test_a_changed_byte_of_the_body_is_refused(name: str, change: tuple[int, int]) -> None:
    verify, sign = SCHEMES[name]
    assert isinstance(verify(sign(OLD, BODY), changed(BODY, change)), Refused)


@pytest.mark.parametrize("name", NAMES)
@given(change=changes)
def test_a_changed_byte_of_the_header_is_refused(name: str, change: tuple[int, int]) -> None:
    verify, sign = SCHEMES[name]
    assert isinstance(verify(changed_text(sign(OLD, BODY), change), BODY), Refused)


@pytest.mark.parametrize("name", NAMES)
def test_no_second_spelling_of_a_signature_is_taken(name: str) -> None:
    verify, sign = SCHEMES[name]
    header = sign(OLD, BODY)
    for other in (header.upper(), header + "=", header + " ", " " + header, header.rstrip("="), header + "\n"):
        if other != header:
            assert isinstance(verify(other, BODY), Refused), other


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_header_is_named(name: str) -> None:
    assert SCHEMES[name][0]("", BODY) == Refused("signature_missing")


@pytest.mark.parametrize(
    ("age", "verdict"), [(0, None), (300, None), (301, "signature_too_old"), (-300, None), (-301, "signature_from_the_future")]
)
def test_stripe_takes_times_within_the_tolerance(age: int, verdict: str | None) -> None:
    judged = _stripe(_stripe_header(BODY, time=NOW - age), BODY)
    assert judged == (Refused(verdict) if verdict else VERIFIED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        "t=1",
        "v1=aa",
        "t=,v1=aa",
        "t=1e9,v1=aa",
        "t=٣,v1=aa",
        "t=-1,v1=aa",
        "t=1,t=2,v1=aa",
        "x",
        ",",
        "t=1," + "v1=aa," * 11,
        "t=" + "9" * 40 + ",v1=a",
    ],
)
def test_stripe_headers_that_are_none(header: str) -> None:
    assert _stripe(header, BODY) == Refused("signature_malformed")


def test_stripe_takes_one_right_signature_of_several() -> None:
    right = hmac_sha256(OLD, f"{NOW}.".encode() + BODY).hex()
    assert _stripe(f"t={NOW},v1={'0' * 64},v1={right}", BODY) == VERIFIED


def test_square_needs_the_address_to_the_letter() -> None:
    header = in_base64(hmac_sha256(OLD, URL + BODY))
    assert square.verify(header, URL + b"/", BODY, KEYS) == Refused("signature_wrong")


# Mercado Pago: the query is signed, the body is not.


def _mercado_pago(
    header: str, data_id: str | None = "PAY01ABC", request_id: str | None = "req-1", body: bytes = b"{}", now: int = NOW
) -> Verdict:
    return mercado_pago.verify(header, request_id=request_id, data_id=data_id, body=body, keys=KEYS, now_seconds=now, age_seconds_max=300)


def _mercado_pago_header(manifest: str, time: str) -> str:
    return f"ts={time},v1={hmac_sha256(OLD, manifest.encode()).hex()}"


@pytest.mark.parametrize("time", [str(NOW), str(NOW * 1000 + 12)])
def test_mercado_pago_signs_lower_case_ids_in_seconds_and_milliseconds(time: str) -> None:
    header = _mercado_pago_header(f"id:pay01abc;request-id:req-1;ts:{time};", time)
    assert _mercado_pago(header) == VERIFIED
    assert _mercado_pago(header, now=NOW + 302) == Refused("signature_too_old")


def test_mercado_pago_leaves_out_what_did_not_come() -> None:
    assert _mercado_pago(_mercado_pago_header(f"id:77;ts:{NOW};", str(NOW)), "77", None) == VERIFIED
    assert _mercado_pago(_mercado_pago_header(f"request-id:req-1;ts:{NOW};", str(NOW)), None) == VERIFIED


@given(change=changes)
def test_mercado_pago_refuses_any_changed_byte_of_what_is_signed(change: tuple[int, int]) -> None:
    header = _mercado_pago_header(f"id:pay01abc;request-id:req-1;ts:{NOW};", str(NOW))
    assert isinstance(_mercado_pago(changed_text(header, change)), Refused)
    other = changed_text("pay01abc", change)
    if other.lower() != "pay01abc":
        assert isinstance(_mercado_pago(header, other), Refused)
    assert isinstance(_mercado_pago(header, request_id=changed_text("req-1", change)), Refused)


def test_mercado_pago_believes_no_body_that_speaks_of_something_else() -> None:
    header = _mercado_pago_header(f"id:77;ts:{NOW};", str(NOW))
    assert _mercado_pago(header, "77", None, b'{"data": {"id": "78"}}') == Refused("body_differs")
    for body in (b'{"data": {"id": "77"}}', b'{"data": {"id": 77}}', b'{"data": []}', b"not json", b"[" * 100_000):
        assert _mercado_pago(header, "77", None, body) == VERIFIED


# Adyen: each item carries its own signature.


def _item(**values: Any) -> dict[str, Any]:
    return {
        "pspReference": "7914073381342284",
        "originalReference": "",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "TestPayment-1407325143704",
        "amount": {"value": 1130, "currency": "EUR"},
        "eventCode": "AUTHORISATION",
        "success": "true",
        **values,
    }


def _adyen_text(item: dict[str, Any], escape: bool = False) -> bytes:
    amount = item["amount"]
    values = [item.get("pspReference"), item.get("originalReference"), item["merchantAccountCode"], item["merchantReference"]]
    texts = [str(value or "") for value in (*values, amount["value"], amount["currency"], item["eventCode"], item["success"])]
    if escape:
        texts = [text.replace("\\", "\\\\").replace(":", "\\:") for text in texts]
    return ":".join(texts).encode()


def _notification(*items: dict[str, Any], key: bytes = ADYEN_KEY, escape: bool = False) -> bytes:
    for item in items:
        item.setdefault("additionalData", {})["hmacSignature"] = in_base64(hmac_sha256(key, _adyen_text(item, escape)))
    return json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item} for item in items]}).encode()


def _adyen(body: bytes, header: str | None = None) -> Verdict:
    return adyen.verify(header, body, (HmacKey(b"another"), HmacKey(ADYEN_KEY)))


def test_adyen_takes_every_item_that_is_signed() -> None:
    assert _adyen(_notification(_item(), _item(pspReference="8", amount={"value": -5, "currency": "BRL"}))) == VERIFIED


@pytest.mark.parametrize("escape", [False, True])
def test_adyen_colons_and_backslashes_as_either_library_writes_them(escape: bool) -> None:
    assert _adyen(_notification(_item(merchantReference="a:b\\c"), escape=escape)) == VERIFIED


def test_adyen_knows_the_published_example() -> None:
    key = bytes.fromhex("44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056")
    item = _item() | {"additionalData": {"hmacSignature": "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}
    body = json.dumps({"notificationItems": [{"NotificationRequestItem": item}]}).encode()
    assert adyen.verify(None, body, (HmacKey(key),)) == VERIFIED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pspReference", "7914073381342285"),
        ("originalReference", "1"),
        ("merchantAccountCode", "Other"),
        ("merchantReference", "x"),
        ("amount", {"value": 1131, "currency": "EUR"}),
        ("amount", {"value": 1130, "currency": "USD"}),
        ("eventCode", "REFUND"),
        ("success", "false"),
        ("success", False),
    ],
)
def test_adyen_refuses_all_items_where_one_was_changed(field: str, value: Any) -> None:
    content = json.loads(_notification(_item(), _item(pspReference="8")))
    content["notificationItems"][1]["NotificationRequestItem"][field] = value
    assert _adyen(json.dumps(content).encode()) == Refused("signature_wrong")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"notificationItems": []}', b'{"notificationItems": [1]}', b"{" * 100_000, b"\xff"])
def test_adyen_bodies_that_are_no_notification(body: bytes) -> None:
    assert _adyen(body) == Refused("signature_malformed")


def test_adyen_items_without_a_signature_or_with_odd_fields() -> None:
    unsigned = json.dumps({"notificationItems": [{"NotificationRequestItem": _item()}]}).encode()
    assert _adyen(unsigned) == Refused("signature_missing")
    odd = _item(merchantReference=["x"]) | {"additionalData": {"hmacSignature": "AAAA"}}
    assert _adyen(json.dumps({"notificationItems": [{"NotificationRequestItem": odd}]}).encode()) == Refused("signature_malformed")


def test_adyen_notifications_of_the_balance_platform_are_signed_as_a_whole() -> None:
    header = in_base64(hmac_sha256(ADYEN_KEY, BODY))
    assert _adyen(BODY, header) == VERIFIED
    assert _adyen(BODY + b" ", header) == Refused("signature_wrong")


# Zoho: pairs first, sorted by key.


def test_zoho_signs_the_documented_example() -> None:
    body = b'{"created_date":"2019-03-06","event_id":"5675"}'
    header = hmac_sha256(OLD, b"namebasicsubscription_id90343" + body).hex()
    query = [("subscription_id", "90343"), ("name", "basic")]
    assert zoho.verify(header, query, "application/json", body, KEYS) == VERIFIED
    assert zoho.verify(header, [*query, ("x", "")], "application/json", body, KEYS) == Refused("signature_wrong")


def test_zoho_sorts_the_pairs_of_a_form_among_those_of_the_query() -> None:
    header = in_base64(hmac_sha256(OLD, "amount10customerJosé Röa&bzip8".encode()))
    form = b"customer=Jos%C3%A9+R%C3%B6a%26b&amount=10"
    assert zoho.verify(header, [("zip", "8")], "application/x-www-form-urlencoded; charset=UTF-8", form, KEYS) == VERIFIED


def test_a_key_shows_nothing_of_itself() -> None:
    assert "secret" not in repr(KEYS[0])
    assert not hasattr(KEYS[0], "__dict__")
