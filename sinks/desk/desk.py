"""One command at the desk: what it may ask, who acts, and how what it decides is sent."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asiento.accounting.policy import PolicyBook
from schemas.card_numbers import holds_card_number
from schemas.operator_actions import OperatorAction
from sinks.desk.errors import DeskRefused, DeskUnavailable
from sinks.desk.outgoing import Broker, Bundle
from sinks.desk.prediction import Outlook, judged_events
from sinks.desk.raw_letters import RawSources
from sinks.projector.reader import OperationalReader

BUNDLES_AT_ONCE_MAX: Final = 100
"""Most bundles in one transaction; a command that dies between two has done the first ones, whole."""
CATCH_UP_SECONDS_MAX: Final = 15.0
CATCH_UP_POLL_SECONDS: Final = 0.2
ACTOR_LENGTH_MAX: Final = 100
REASON_LENGTH_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`at`: now, UTC microseconds. `events_topic`: its name on the broker. `approval_limit`: minor units by currency, and `default`."""

    reader: OperationalReader
    broker: Broker
    policies: PolicyBook
    actor: str
    at: int
    events_topic: str
    raw: RawSources
    approval_limit: Mapping[str, int]

    def action(self, kind: str, subject_kind: str, subject: str, reason: str, **more: Any) -> OperatorAction:
        """What the operator does, as it stands in the audit trail; raises `DeskRefused` for a name or reason that says nothing."""
        actor, why = self.actor.strip(), reason.strip()
        if not actor or len(actor) > ACTOR_LENGTH_MAX or not actor.isprintable():
            raise DeskRefused(f"--by: a name of at most {ACTOR_LENGTH_MAX} printable characters is expected")
        if not why or len(why) > REASON_LENGTH_MAX:
            raise DeskRefused(f"--reason: say why, in at most {REASON_LENGTH_MAX} characters; it stands in the audit trail for ever")
        if holds_card_number(why) or holds_card_number(actor):
            raise DeskRefused("--reason holds what looks like a card number: no card data may enter")
        return OperatorAction(kind=kind, subject_kind=subject_kind, subject=subject, actor=actor, reason=why, at=self.at, **more)

    def send(self, bundles: Sequence[Bundle]) -> None:
        """Send all, so many per transaction."""
        for first in range(0, len(bundles), BUNDLES_AT_ONCE_MAX):
            self.broker.send(bundles[first : first + BUNDLES_AT_ONCE_MAX])

    def outlook(self, *order_keys: str) -> Outlook:
        """Predictions on these orders as they stand."""
        found = Outlook(self.policies)
        for order_key in order_keys:
            found.begin(order_key, judged_events(self.reader.order(order_key).events))
        return found


def caught_up_reader(url: str, broker: Broker, actions_topic: str) -> OperationalReader:
    """The database, once it has every action that was done before now, so that nothing is decided twice.

    Raises `DeskUnavailable` where the projector does not get there, `OperationalUnavailable` where there is no database.
    """
    deadline = time.monotonic() + CATCH_UP_SECONDS_MAX
    OperationalReader.at(url).close()  # first say that there is no database, then ask the broker
    ends = broker.action_ends()
    while True:
        reader = OperationalReader.at(url)
        known = {one.partition: one.next_offset for one in reader.offsets() if one.topic == actions_topic}
        if all(known.get(partition, 0) >= end for partition, end in ends.items()):
            return reader
        reader.close()
        if time.monotonic() > deadline:
            raise DeskUnavailable(
                "the operational database does not have the newest operator actions: is the projector running? "
                "`asiento sinks run projector` (`asiento up` starts it), then try again; nothing was sent"
            )
        time.sleep(CATCH_UP_POLL_SECONDS)
