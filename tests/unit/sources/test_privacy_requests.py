"""What platforms ask about personal data: nothing to book, and told with ids only."""

import json
from typing import Any

import pytest

from sources.platforms.catalogue import adapter_of
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import normalize
from sources.platforms.outcome import Nothing, PrivacyRequest, Problem

CUSTOMER = {"id": 191167, "email": "jane.canary@example.com", "phone": "+34600000000"}
SHOP = {"shop_id": 954889, "shop_domain": "a-shop.example"}


def answer(topic: str, payload: dict[str, Any]) -> Nothing | Problem:
    adapter = adapter_of("shopify")
    assert adapter is not None
    (found,) = normalize(
        adapter, json.dumps(payload).encode(), topic, Context(tenant="acme", source="shopify:main", connection=DEFAULT_CONNECTION)
    )
    assert isinstance(found, Nothing | Problem)
    return found


@pytest.mark.parametrize("topic", ["customers/redact", ""])
def test_an_erasure_names_customer_and_orders(topic: str) -> None:
    found = answer(topic, {**SHOP, "customer": CUSTOMER, "orders_to_redact": [299938, "gid://shopify/Order/280263", "no id", None]})
    assert isinstance(found, Nothing)
    assert found.privacy == PrivacyRequest("erase_customer", "191167", ("299938", "280263"))
    assert "canary" not in repr(found)


def test_access_and_the_end_of_a_shop_are_told_apart() -> None:
    asked = answer("customers/data_request", {**SHOP, "customer": CUSTOMER, "orders_requested": [1], "data_request": {"id": 9}})
    assert isinstance(asked, Nothing)
    assert asked.privacy == PrivacyRequest("access", "191167", ("1",))
    ended = answer("shop/redact", SHOP)
    assert isinstance(ended, Nothing)
    assert ended.privacy == PrivacyRequest("erase_shop")


def test_a_list_that_is_none_is_a_problem_not_a_request_lost() -> None:
    found = answer("customers/redact", {**SHOP, "customer": CUSTOMER, "orders_to_redact": "jane"})
    assert isinstance(found, Problem)
    assert found.pointer == "/orders_to_redact"


def test_other_quiet_payloads_ask_for_nothing() -> None:
    found = answer("customers/update", {"id": 191167, "email": "jane.canary@example.com"})
    assert found == Nothing(found.reason if isinstance(found, Nothing) else "")
