"""What lies in a payload of Adyen: notification items, several in one webhook, and webhooks of the balance platform."""

from collections.abc import Iterator, Mapping
from typing import Final

from sources.platforms.adyen.codes import AUTHORISED, MONEY, WITHOUT_MONEY
from sources.platforms.facts import Json, Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

_PLATFORM_PREFIXES: Final = ("balancePlatform.", "paymentMethod.", "balanceAccount.", "accountHolder.", "capital.", "recurring.")


def parts_of(payload: Node) -> list[Part]:
    """Every item of a payload as a part; never empty. Raises `Unjudged` for what is no payload of Adyen."""
    return list(_parts(payload, {})) or [Part("nothing", "items", payload, {"reason": "a webhook without items"})]


def _parts(node: Node, about: Mapping[str, Json]) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item, about)
    elif node.find("notificationItems") is not None:
        live = node.find("live")
        if live is not None:
            about = {"test": not truth(live)}
        for item in node.each("notificationItems"):
            yield from _parts(item, about)
    elif node.find("NotificationRequestItem") is not None:
        yield from _parts(node.need("NotificationRequestItem"), about)
    elif node.find("eventCode") is not None:
        yield _item(node, about)
    elif node.find("pspReference") is not None:
        yield Part("nothing", node.need("pspReference").reference(), node, {"reason": "the answer to a request: what happens is notified"})
    elif (kind := node.find("type")) is not None and node.find("data") is not None:
        identity = node.need("data").find("id")
        known = isinstance(kind.value, str) and kind.value.startswith(_PLATFORM_PREFIXES)
        reason = "a movement or state of the balance platform: kept for settlements" if known else "a webhook without accounting effect"
        yield Part("nothing", identity.reference() if identity is not None else "data", node, {"reason": reason})
    else:
        raise Unjudged("reject_malformed", "no payload of Adyen: it has neither items nor an event code", node.pointer)


def _item(item: Node, about: Mapping[str, Json]) -> Part:
    """One item, under the payment that it is about."""
    code = item.need("eventCode").value
    original = item.find("originalReference")
    payment = original if original is not None and original.value != "" else item.need("pspReference")
    resource = payment.reference()
    if code == "REPORT_AVAILABLE":
        return Part("report", resource, item, about)
    success = truth(item.need("success"))
    if not success:
        return Part("nothing", resource, item, {"reason": "success is false: the operation did not happen"})
    if code == AUTHORISED or code in tuple(MONEY):
        return Part("item", resource, item, about)
    reason = WITHOUT_MONEY.get(code) if isinstance(code, str) else None
    return Part("nothing", resource, item, {"reason": reason or "an event code that is not known here: nothing is derived from it"})


def truth(node: Node) -> bool:
    """true or false, as JSON or as text."""
    if isinstance(node.value, str) and node.value.lower() in {"true", "false"}:
        return node.value.lower() == "true"
    return node.flag()
