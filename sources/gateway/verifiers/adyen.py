"""Adyen: each item of a standard notification carries the HMAC-SHA256 (base64, hexadecimal key) over eight of its fields.

Notifications of the balance platform have one over the whole body, in the header HmacSignature.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sources.gateway.verifiers import hmac_body
from sources.gateway.verifiers.hmac_keys import HmacKey, signed_by_one
from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Verdict

ITEMS_MAX: Final = 100


def verify(header: str | None, body: bytes, keys: Sequence[HmacKey]) -> Verdict:
    """Judge the header where there is one, else every item: one wrong item refuses all of them."""
    if header:
        return hmac_body.verify(header, body, keys)
    items = items_of(body)
    if items is None:
        return MALFORMED
    verdicts = [_verify_item(item, keys) for item in items]
    return next((verdict for verdict in verdicts if verdict is not VERIFIED), VERIFIED)


def items_of(body: bytes) -> list[Mapping[str, Any]] | None:
    """The items of a notification; None where the body is no notification."""
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    wrapped = content.get("notificationItems") if isinstance(content, dict) else None
    if not isinstance(wrapped, list) or not 0 < len(wrapped) <= ITEMS_MAX:
        return None
    items = [one.get("NotificationRequestItem") if isinstance(one, dict) else None for one in wrapped]
    return items if all(isinstance(item, dict) for item in items) else None  # type: ignore[return-value]


def signed_texts(item: Mapping[str, Any]) -> list[bytes] | None:
    """What the signature of an item may be over: the fields joined by colons, as they are, or with colons and backslashes escaped.

    Adyen's own libraries do the one or the other. None where a field is neither text nor a number.
    """
    amount = item.get("amount")
    amount = amount if isinstance(amount, dict) else {}
    names = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
    values = [*(item.get(name) for name in names), amount.get("value"), amount.get("currency"), item.get("eventCode"), item.get("success")]
    texts = [_text(value) for value in values]
    if None in texts:
        return None
    plain = ":".join(text or "" for text in texts)
    escaped = ":".join((text or "").replace("\\", "\\\\").replace(":", "\\:") for text in texts)
    return [text.encode("utf-8", "surrogatepass") for text in dict.fromkeys((plain, escaped))]


def _verify_item(item: Mapping[str, Any], keys: Sequence[HmacKey]) -> Verdict:
    extra = item.get("additionalData")
    given = extra.get("hmacSignature") if isinstance(extra, dict) else None
    if not isinstance(given, str) or not given:
        return MISSING
    candidates = signed_texts(item)
    if candidates is None:
        return MALFORMED
    signed = [signed_by_one(keys, (given,), (text,), "base64") for text in candidates]
    return VERIFIED if any(signed) else WRONG


def _text(value: Any) -> str | None:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
    return None
