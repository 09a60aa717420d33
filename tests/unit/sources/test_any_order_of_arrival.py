"""Two lives of one platform, their payloads in any order, repeated and mixed: the same books as one after the other, the same event ids."""

import json
from collections.abc import Mapping, Sequence

import pytest

from sources.platforms.catalogue import adapter_of
from tests.unit.sources import test_stripe
from tests.unit.sources.commercetools_payloads import COMMERCETOOLS
from tests.unit.sources.deliveries import SEEDS, Balances, Delivery, Played, booked, interleaved, play, shuffled
from tests.unit.sources.saleor_payloads import SALEOR
from tests.unit.sources.square_payloads import LIFE as SQUARE
from tests.unit.sources.sylius_payloads import SYLIUS
from tests.unit.sources.woocommerce_payloads import WOOCOMMERCE

Life = Sequence[Delivery]
RENAMED: Mapping[str, Mapping[str, str]] = {
    "commercetools": {"order-1": "order-2", "payment-1": "payment-2", "charge-1": "charge-2", "refund-1": "refund-2"},
    "saleor": {"T3JkZXI6MQ==": "T3JkZXI6Mg==", "UGF5bWVudDox": "UGF5bWVudDoy"},
    "square": {"ORD1": "ORD2", "PAY1": "PAY2", "RET1": "RET2", "DIS1": "DIS2"},
    "stripe": {"ch_1": "ch_2", "pi_1": "pi_2", "re_1": "re_2", "dp_1": "dp_2", "txn_": "txn_other_", "1001": "1002"},
    "sylius": {"tok1": "tok2", "000000007": "000000008"},
    "woocommerce": {"700": "701", "800": "801"},
}
"""Platform -> ids of the first life and what they are in the second."""


def lives(platform: str) -> tuple[Life, Life]:
    """The written life of a platform, and the same of another order."""
    first = LIVES[platform]
    text = json.dumps([[delivery.topic, delivery.payload] for delivery in first])
    for name, other in RENAMED[platform].items():
        text = text.replace(name, other)
    return first, [Delivery(topic, payload) for topic, payload in json.loads(text)]


def _refund_last(first: Life, second: Life, seed: int, late: int) -> list[Delivery]:
    """Money given back without goods credits what was shipped by then: such payloads come after the others, then all of them again."""
    early = [life[:-late] for life in (first, second)] if late else [first, second]
    mess = interleaved(early, seed) if seed % 2 else shuffled(early, seed)
    return [*mess, *shuffled([first, second], seed)]


def _played(platform: str, deliveries: Sequence[Delivery]) -> Played:
    adapter = adapter_of(platform)
    assert adapter is not None
    played = play(adapter, deliveries, source=f"{platform}:main")
    assert played.problems == []
    return played


def _books(platform: str, played: Played) -> Balances:
    shop = [event for number in ("1001", "1002") for event in test_stripe.placed(number)] if platform == "stripe" else []
    return booked([*shop, *played.events])


REFUNDS_AT_THE_END = {"commercetools": 3, "sylius": 1}
"""How many payloads, from the first refund of money on, come after the others at platforms whose payments are objects of their own."""
LIVES: Mapping[str, Life] = {
    "commercetools": [Delivery("", payload) for payload in COMMERCETOOLS],
    "saleor": [Delivery("", payload) for payload in SALEOR],
    "square": [Delivery(*delivery) for delivery in SQUARE],
    "stripe": test_stripe.LIFE,
    "sylius": [Delivery("", payload) for payload in SYLIUS],
    "woocommerce": [Delivery("orders/700/refunds" if "amount" in payload else "", payload) for payload in WOOCOMMERCE],
}


@pytest.mark.parametrize("platform", LIVES)
def test_any_order_of_arrival_of_two_lives(platform: str) -> None:
    first, second = lives(platform)
    expected = _books(platform, _played(platform, [*first, *second]))
    assert len(expected) == 2
    assert len({str(balances) for balances in expected.values()}) == 1
    for seed in SEEDS:
        mess = _refund_last(first, second, seed, REFUNDS_AT_THE_END.get(platform, 0))
        played = _played(platform, mess)
        assert _books(platform, played) == expected, seed
        assert _played(platform, mess).events == played.events
        adapter = adapter_of(platform)
        assert adapter is not None
        assert play(adapter, mess, source=f"{platform}:main", memory=played.memory).events == []
