"""A trading day: orders of all shops, their events on the way to the topic, the odd records, the control totals."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from sources.synthetic.arrivals import Arrival, Labelled, disordered, on_their_way, order_key, resent
from sources.synthetic.catalog import AUSTIN, CDMX, MADRID, SHOPS
from sources.synthetic.controls import Controls, controls_of
from sources.synthetic.events import Event, events_of
from sources.synthetic.intents import OrderIntent
from sources.synthetic.stories import MINUTE, pick, plain_order, plan_order

DAY_ZERO = datetime(2026, 3, 2, tzinfo=UTC)
DAY_SECONDS = 86_400
OPENING_HOURS = 14
POISON_BYTES = 333
ODD_ORDERS = 4
"""Orders beside the usual ones: a wrong total, a total off by one, a test order, one that others contradict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day is named by its seed and size; `arrivals` are in order of arrival, `booked` are the orders in the books."""

    seed: int
    orders: int
    tenant: str
    booked: tuple[OrderIntent, ...]
    arrivals: tuple[Arrival, ...]
    controls: Controls

    @property
    def events(self) -> list[Event]:
        """The records that can be written as JSON lines, in order of arrival."""
        return [arrival.event for arrival in self.arrivals if arrival.event is not None and not arrival.strays]


def trading_day(seed: int, orders: int) -> Day:
    """Make the day; the same arguments give the same bytes. `orders` counts the usual orders (0 or more)."""
    tenant = f"demo-{seed}-{orders}"
    opens_at = (int(DAY_ZERO.timestamp()) + seed % 28 * DAY_SECONDS) * 1_000_000
    booked: list[OrderIntent] = []
    arrivals: list[Arrival] = []
    for number in range(orders):
        random = _random(f"{seed}|order|{number}")
        shop = pick(random, SHOPS)
        placed_at = opens_at + random.randrange(OPENING_HOURS * 60 * MINUTE)
        order = plan_order(shop, str(10_001 + number), placed_at, random)
        booked.append(order)
        told = disordered(events_of(order, tenant), random)
        arrivals += on_their_way(told, _sent(told), random)
    odd = _OddRecords(seed, tenant, opens_at)
    booked += odd.booked
    arrivals += odd.arrivals
    arrivals.sort(key=lambda arrival: arrival.at)
    return Day(
        seed=seed,
        orders=orders,
        tenant=tenant,
        booked=tuple(booked),
        arrivals=tuple(arrivals),
        controls=controls_of(tenant, seed, orders, booked, arrivals),
    )


def _random(name: str) -> Random:
    return Random(name)  # noqa: S311 - a trading day, not a secret


def _sent(told: list[Labelled]) -> list[int]:
    return [_micros(event["occurred_at"]) for event, _ in told]


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


class _OddRecords:
    """What goes wrong on this day, once each."""

    def __init__(self, seed: int, tenant: str, opens_at: int) -> None:
        self.tenant = tenant
        self.random = _random(f"{seed}|odd")
        self.booked: list[OrderIntent] = []
        self.arrivals: list[Arrival] = []
        at = [opens_at + self.random.randrange(OPENING_HOURS * 60 * MINUTE) for _ in range(ODD_ORDERS)]
        self._wrong_total(plain_order(CDMX, "wrong-total", at[0], self.random))
        self._total_off_by_one(plain_order(MADRID, "off-by-one", at[1], self.random, off_by=1))
        self._test_order(plain_order(AUSTIN, "test", at[2], self.random))
        self._contradicted(plain_order(MADRID, "contradicted", at[3], self.random))
        poison = self.random.randbytes(POISON_BYTES)
        self.arrivals.append(Arrival(at=at[3] + 1, becomes="dead_letter", key=b"poison", raw=poison))

    def _send(self, told: list[Labelled]) -> list[Arrival]:
        sent = on_their_way(told, _sent(told), self.random)
        self.arrivals += sent
        return sent

    def _wrong_total(self, order: OrderIntent) -> None:
        """The total is five more than the lines: rejected, and what follows waits for an order that never was."""
        placed, *rest = events_of(order, self.tenant)
        wrong = placed | {"total": placed["total"] + 5 * order.shop.major}
        self._send([(wrong, "rejected"), *((event, "deferred") for event in rest)])

    def _total_off_by_one(self, order: OrderIntent) -> None:
        """The total is one unit more than the lines: the books round."""
        self.booked.append(order)
        self._send([(event, "posted") for event in events_of(order, self.tenant)])

    def _test_order(self, order: OrderIntent) -> None:
        events = events_of(replace(order, test_mode=True), self.tenant)
        self._send([(event, "ignored") for event in events])

    def _contradicted(self, order: OrderIntent) -> None:
        """The payment comes again with another amount, under its own id and under a new one; one more goes astray."""
        self.booked.append(order)
        events = events_of(order, self.tenant)
        payment = next(event for event in events if event["type"] == "PaymentCaptured")
        other = payment | {"amount": payment["amount"] + 1}
        sent = self._send([*((event, "posted") for event in events), (other, "conflict"), (resent(other), "conflict")])
        astray = resent(resent(payment)) | {"business_key": "capture:P9", "payment_id": "P9"}
        self.arrivals.append(Arrival(at=sent[-1].at + 1, becomes="dead_letter", key=order_key(astray), event=astray, strays=True))
