"""What an adapter says about one payload: facts about one object of a platform, before it is known which of them are new."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sources.platforms.outcome import EventTwin

Json: TypeAlias = Any
"""A JSON value: what a snapshot can keep."""

Repeat: TypeAlias = Literal["once", "status", "state"]
"""What it means that a fact comes again with other content.

once: it cannot have; the same id goes out again, so that the books show a conflict. status: it has moved on, as a refund whose money
arrives; it goes out under the next number of its business key. state: the fact is how an order is now; the first one is the
OrderPlaced, each other one an OrderEdited.
"""

ORDER_KEY: Final = "order"
"""Business key of an order itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One canonical event without its envelope.

    type: name of the event. business_key: what makes it the same fact under another id. body: all its fields beside the envelope,
    currency and currency_exponent among them where it has money. occurred_at: UTC. test_mode: None = that of its order.
    version: monotone per business key; a fact older than the one that was told last is left out. open: what only the order can say,
    as small canonical data (no personal data): `Adapter.complete` turns it into the body once the order is known; a fact with it waits
    for the order as long as there is a memory, and goes out as it is where there is none.
    """

    type: str
    business_key: str
    body: EventTwin
    occurred_at: datetime
    test_mode: bool | None = False
    repeat: Repeat = "once"
    version: int | None = None
    open: Json | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """An object to fetch: `topic` under which the answer is to be read, `resource` as `<kind>/<id>` in the platform's words."""

    topic: str
    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The order that a payment at a provider pays: its source, its id, and the payment's id there (None: the provider's own)."""

    source: str
    order_id: str
    payment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one payload says about one object.

    facts: in the order in which they happened. order_id: the order they are about; None for a payment whose order the payload does not
    name. owner: the same for providers whose payments pay the orders of another source. version: monotone per object; facts of repeat
    `state` of a lower one than was seen are left out. seen_at: latest time in the payload, the arrival where nobody knows it better.
    notices: sentences for people. fetches: objects that are needed beside it. memory: what the adapter wants to find in
    `Context.memory` the next time (None: unchanged).
    """

    facts: tuple[Fact, ...] = ()
    order_id: str | None = None
    owner: Owner | None = None
    version: int | None = None
    seen_at: datetime | None = None
    notices: tuple[str, ...] = ()
    fetches: tuple[Fetch, ...] = ()
    memory: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One object inside a payload: its kind in the adapter's words, the id its snapshot is kept under, and where it stands.

    `node` is a `sources.platforms.payload.Node`; `about` holds what stands around the object and is needed to read it.
    """

    kind: str
    resource: str
    node: Any
    about: Mapping[str, Json] = field(default_factory=dict)
