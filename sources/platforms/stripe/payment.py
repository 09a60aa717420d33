"""One payment at Stripe: what is known of any payment, and what only Stripe's charges make necessary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from asiento.accounting.order_events import TenderKind
from sources.platforms.facts import Json
from sources.platforms.order_reference import owner_named
from sources.platforms.payload import Node
from sources.platforms.provider_payment import ProviderPayment

PLACES: Final = ("metadata.order_id", "metadata.orderId", "metadata.order_reference")
"""Where the order's id is looked for, unless the connection says where."""
_CARDS: Final = frozenset({"card", "card_present", "interac_present"})
_WALLETS: Final = frozenset(
    {"link", "paypal", "alipay", "wechat_pay", "amazon_pay", "cashapp", "revolut_pay", "samsung_pay", "kakao_pay", "naver_pay"}
    | {"grabpay", "mobilepay", "satispay", "mb_way", "payco"}
)


def tender_of(method: str | None) -> TenderKind:
    """The tender of a type of payment method."""
    return "CARD" if method in _CARDS else "WALLET" if method in _WALLETS else "OTHER"


@dataclass(slots=True)
class Payment(ProviderPayment):
    """authorized: of the charge, before capture; charge_seen: the charge itself was read. refunds may be `released`: an uncaptured rest.

    unproven: refunds without a balance transaction, id -> [amount, seconds], until the charge tells a released rest from money.
    """

    gateway: ClassVar[str] = "stripe"
    kept: ClassVar[tuple[str, ...]] = (*ProviderPayment.kept, "authorized", "charge_seen", "unproven")

    authorized: int | None = None
    charge_seen: bool = False
    unproven: dict[str, list[int]] = field(default_factory=dict)

    def learn(self, *nodes: Node, about: Mapping[str, Json]) -> None:
        """Whether it is a test, and which order is paid: from the objects, the nearest first, and from what stands around them."""
        stated = [not live.flag() for node in nodes if (live := node.find("livemode")) is not None]
        stated += [about["test"]] if "test" in about else []
        if stated:
            self.test = any(stated)
        around = [Node(about["metadata"], "")] if "metadata" in about else []
        self.owner = owner_named((*nodes, *around), PLACES, self.context, self.notices)
