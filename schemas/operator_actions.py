"""What operators did: the audit trail of the desk, one record per assignment, resolution, proposal, approval and replay."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson

from schemas import json_twin
from schemas.framed_values import frame_object
from schemas.output_codec import decode_output, output_record
from schemas.value_fields import avro_values

RECORD = "OperatorAction"
ACTION_KINDS = ("ASSIGN", "RESOLVE", "REOPEN", "PROPOSE", "APPROVE", "REFUSE", "REPLAY")
SUBJECT_KINDS = ("DISCREPANCY", "EVENT", "DEAD_LETTER")
ACTION_NAMESPACE = UUID("6a0c2f7e-5a0f-4d0b-9f5e-0d8f3b1c7a42")
"""Fixed for ever: the ids of actions are made in it."""
_OPTIONAL = ("order_key", "assignee", "refers_to", "sent_event_id", "event")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """One thing that one person did; `at` in UTC microseconds.

    subject: discrepancy_id, event_id, or `topic/partition/offset` of the refused record, as subject_kind says.
    refers_to: the PROPOSE that an APPROVE or REFUSE is about. event: the JSON twin of the event that a PROPOSE asks for.
    sent_event_id: the event that was sent with it (RESOLVE, APPROVE, REPLAY) or would be (PROPOSE).
    """

    kind: str
    subject_kind: str
    subject: str
    order_key: str | None = None
    actor: str
    reason: str
    at: int
    assignee: str | None = None
    refers_to: str | None = None
    sent_event_id: str | None = None
    event: str | None = None

    @property
    def action_id(self) -> str:
        """UUIDv5 of all fields, so that the same action sent twice stays one."""
        return str(uuid5(ACTION_NAMESPACE, orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS).decode()))

    @property
    def key(self) -> bytes:
        """The record's key: the order, where it is known, so that the actions of an order stay in their order."""
        return (self.order_key or self.subject).encode()


def encode_action(action: OperatorAction) -> bytes:
    """The framed Avro value of an action."""
    return frame_object(RECORD, action)


def decode_action(value: bytes | None) -> OperatorAction:
    """The action of a framed Avro value; raises `DecodeError`."""
    values = {**dict.fromkeys(_OPTIONAL), **decode_output(RECORD, value)}
    del values["action_id"]  # it follows from the others
    return OperatorAction(**values)


def action_to_json(action: OperatorAction) -> dict[str, Any]:
    """The JSON form of an action."""
    return json_twin.write_object(output_record(RECORD), {"action_id": action.action_id, **avro_values(action)})
