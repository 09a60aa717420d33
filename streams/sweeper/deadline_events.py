"""A deadline of an order as the event that tells it: the same event whoever makes it, and whenever."""

from typing import Any

from asiento.accounting.standing_deadlines import Deadline
from schemas.formats import time_text
from sources.platforms.identity import event_id

EVENT_TYPE = "DeadlinePassed"


def deadline_event(order_key: str, deadline: Deadline, received_at: int) -> dict[str, Any]:
    """The JSON twin of the DeadlinePassed event of the order `tenant:platform:connection:order_id`.

    `received_at`, UTC microseconds, is all that differs when it is made again, and counts in no fingerprint.
    """
    tenant, platform, connection, order_id = order_key.split(":", 3)
    source, business_key = f"{platform}:{connection}", deadline.business_key
    due_at = time_text(deadline.due_at)
    event: dict[str, Any] = {
        "type": EVENT_TYPE,
        "event_id": event_id(tenant=tenant, source=source, order_id=order_id, event_type=EVENT_TYPE, business_key=business_key),
        "tenant": tenant,
        "source": source,
        "order_id": order_id,
        "business_key": business_key,
        "occurred_at": due_at,
        "received_at": time_text(received_at),
        "test_mode": False,
        "kind": deadline.kind,
        "due_at": due_at,
    }
    if deadline.about_event_id:
        event["about_event_id"] = deadline.about_event_id
    return event
