"""No personal data passes, whatever the platform: canaries planted in payloads come out of allow-listed fields only.

Looked through: events, the memory that is kept, notices, requests to fetch, problems and reasons. A new platform is covered by its
payloads (`every_platform.py`) and, for names of products and the like, by a line in `ALLOWED`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import pytest

from sources.platforms.catalogue import adapter_of
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Problem
from sources.platforms.snapshot import EMPTY, Snapshot, encode_snapshot
from tests.payload_canaries import MAIL, SPELLED, TEXT, with_planted
from tests.unit.sources.deliveries import Delivery
from tests.unit.sources.every_platform import CONNECTION, EVERY, life_of

Place = tuple[str | int, ...]
PERSONAL_NAME: Final = re.compile(
    r"(first|last|given|family|full|middle|company|shopper|buyer|holder|recipient|billing|shipping|owner|contact)_?name|e?_?mail|phone|mobile"
    r"|street|address_?(line_?)?[0-9]|line[12]|receiver|note|memo|comment|message_?to|statement_descriptor|card_?(number|summary|holder)|last_?4"
    r"|birth|ip_?address|passport|document|city|latitude|longitude|fingerprint|token|secret|authorization_code",
    re.IGNORECASE,
)
ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "amazon-sp-api": frozenset(
        {
            "/orderItems/*/proceeds/breakdowns/*/detailedBreakdowns/*/subtype",
            "/orderItems/*/proceeds/breakdowns/*/type",
            "/orderItems/*/product/sellerSku",
            "/orderItems/*/product/title",
            "/payload/OrderItems/*/SellerSKU",
            "/payload/OrderItems/*/Title",
        }
    ),
    "commercetools": frozenset(
        {
            "/lineItems/*/name/en",
            "/lineItems/*/taxRate/country",
            "/lineItems/*/taxedPrice/taxPortions/*/name",
            "/lineItems/*/variant/sku",
            "/paymentMethodInfo/paymentInterface",
            "/shippingInfo/taxRate/country",
            "/shippingInfo/taxedPrice/taxPortions/*/name",
        }
    ),
    "mollie": frozenset(
        {
            "/lines/*/sku",
        }
    ),
    "saleor": frozenset(
        {
            "/order/lines/*/productName",
            "/order/lines/*/productSku",
            "/order/payments/*/gateway",
        }
    ),
    "shopify": frozenset(
        {
            "/discount_applications/*/code",
            "/gateway",
            "/line_items/*/sku",
            "/line_items/*/tax_lines/*/title",
            "/line_items/*/title",
            "/shipping_lines/*/tax_lines/*/title",
            "/transactions/*/gateway",
        }
    ),
    "square": frozenset(
        {
            "/orders/*/line_items/*/name",
            "/orders/*/taxes/*/name",
        }
    ),
    "sylius": frozenset(
        {
            "/items/*/productName",
            "/items/*/variant",
            "/method/@id",
            "/tokenValue",
        }
    ),
    "woocommerce": frozenset(
        {
            "/line_items/*/name",
            "/line_items/*/sku",
            "/payment_method",
            "/tax_lines/*/rate_code",
        }
    ),
    "bigcommerce": frozenset(
        {
            "/billing_address/state",
            "/payment_method",
            "/products/*/name",
            "/products/*/sku",
        }
    ),
    "ebay": frozenset(
        {
            "/fulfillmentStartInstructions/*/shippingStep/shipTo/contactAddress/stateOrProvince",
            "/lineItems/*/legacyItemId",
            "/lineItems/*/title",
        }
    ),
    "mercado-libre": frozenset(
        {
            "/order_items/*/item/seller_sku",
            "/order_items/*/item/title",
        }
    ),
    "salesforce-om": frozenset(
        {
            "/OrderItemSummaries/records/*/StockKeepingUnit",
            "/OrderPaymentSummaries/records/*/Method",
            "/ShippingCountryCode",
        }
    ),
    "shipstation": frozenset(
        {
            "/orders/*/items/*/name",
            "/orders/*/items/*/sku",
            "/orders/*/paymentMethod",
            "/orders/*/shipTo/state",
            "/shipments/*/carrierCode",
        }
    ),
    "toms-like": frozenset(
        {
            "/lines/*/itemId",
            "/lines/*/taxes/*/code",
            "/lines/*/taxes/*/jurisdiction",
            "/payments/*/processor",
            "/promotions/*/code",
            "/refunds/*/processor",
            "/returns/*/node",
            "/salesChannel",
            "/shipments/*/node",
        }
    ),
    "vtex": frozenset(
        {
            "/items/*/id",
            "/items/*/name",
            "/items/*/refId",
            "/paymentData/transactions/*/payments/*/paymentSystemName",
            "/shippingData/address/state",
        }
    ),
    "zoho-inventory": frozenset(
        {
            "/salesorder/line_items/*/name",
            "/salesorder/line_items/*/sku",
            "/salesorder/line_items/*/tax_name",
        }
    ),
}
"""Platform -> fields that may come out, of those that hold texts: products, taxes, discounts, gateways, carriers, places, regions."""


def texts(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all texts in a JSON value."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*place, index))


def every_place(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all values inside a JSON value."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, name)
        yield from every_place(inner, (*place, name))


def with_value(payload: Any, place: Place, value: Any) -> Any:
    """A copy of the payload with another value at one place."""
    copy = deepcopy(payload)
    inner = copy
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    return copy


class Ear:
    """Hears all that an adapter says about payloads; remembers the platform's life up to the delivery in question."""

    def __init__(self, platform: str) -> None:
        found = adapter_of(platform)
        assert found is not None
        self.adapter = found
        self.context = Context(tenant="acme", source=f"{platform}:main", connection=CONNECTION)
        self.memory: dict[str, Snapshot] = {}
        self.problems = self.told = 0

    def said(self, delivery: Delivery, payload: Any) -> str:
        """Everything, in the spelling of account qualifiers."""
        body, words = json.dumps(payload).encode(), []
        for answer in normalize(self.adapter, body, delivery.topic, self.context, lambda resource: self.memory.get(resource, EMPTY)):
            self.problems += isinstance(answer, Problem)
            if isinstance(answer, Judged):
                words += [json.dumps(answer.events), encode_snapshot(answer.snapshot).decode(), *answer.notices, repr(answer.fetches)]
                words.append(answer.resource)
            else:
                words.append(repr(answer))
        return re.sub(r"[^a-z0-9]+", "_", " ".join(words).lower())

    def remember(self, delivery: Delivery) -> None:
        """The delivery as it is comes before the next one."""
        body = json.dumps(delivery.payload).encode()
        for answer in normalize(self.adapter, body, delivery.topic, self.context, lambda resource: self.memory.get(resource, EMPTY)):
            if isinstance(answer, Judged):
                self.memory[answer.resource] = answer.snapshot
                self.told += len(answer.events)


def pattern_of(place: Place) -> str:
    """A place with its list indices left open."""
    return "".join(f"/{'*' if isinstance(part, int) else part}" for part in place)


@pytest.mark.parametrize("platform", EVERY)
def test_a_canary_comes_out_of_allowed_fields_only(platform: str) -> None:
    ear, leaking = Ear(platform), set()
    for delivery in life_of(platform):
        for place in texts(delivery.payload):
            canaries = (TEXT, MAIL) if PERSONAL_NAME.search(str(place[-1])) else (TEXT,)
            if any(SPELLED.search(ear.said(delivery, with_value(delivery.payload, place, canary))) for canary in canaries):
                leaking.add(pattern_of(place))
        ear.remember(delivery)
    assert leaking == ALLOWED.get(platform, frozenset())


@pytest.mark.parametrize("platform", EVERY)
def test_personal_data_in_every_object_stays_inside(platform: str) -> None:
    ear = Ear(platform)
    for delivery in life_of(platform):
        payload = with_planted(delivery.payload)
        assert not SPELLED.search(ear.said(delivery, payload))
        for place in every_place(delivery.payload):  # and where the payload is refused
            if pattern_of(place) not in ALLOWED.get(platform, ()):
                broken = with_value(payload, place, [{"unknown": TEXT}] if isinstance(_at(payload, place), dict) else {"unknown": MAIL})
                assert not SPELLED.search(ear.said(delivery, broken)), pattern_of(place)
        ear.remember(delivery)
    assert ear.problems
    assert ear.told


def test_bytes_that_are_no_payload_are_not_quoted() -> None:
    ear = Ear("shopify")
    for body in (f'{{"note": "{TEXT}"', f'{{"{TEXT}": 1, "{TEXT}": 2}}', f'"{TEXT}"', f"{TEXT}"):
        (answer,) = normalize(ear.adapter, body.encode(), "orders/create", ear.context)
        assert isinstance(answer, Problem)
        assert "Canary" not in repr(answer)


def test_the_canaries_would_be_seen() -> None:
    delivery = life_of("shopify")[0]
    for canary in (TEXT, MAIL, "+34600000471", "4111 1111 1111 1111", "Canary Street 12", "canary-token"):
        payload = with_value(delivery.payload, ("line_items", 0, "sku"), canary)
        assert SPELLED.search(Ear("shopify").said(delivery, payload)), canary


def test_a_title_typed_by_hand_does_not_pass() -> None:
    delivery = life_of("shopify")[0]
    payload = deepcopy(delivery.payload)
    payload["line_items"][0] |= {"title": TEXT, "product_id": None}
    payload["discount_applications"][0] = {"type": "manual", "title": TEXT, "description": TEXT, "allocation_method": "across"}
    assert not SPELLED.search(Ear("shopify").said(delivery, payload))


def _at(payload: Any, place: Sequence[str | int]) -> Any:
    for part in place:
        payload = payload[part]
    return payload
