"""Decisions, discrepancies, dead letters, acks and actions come back as they went."""

from dataclasses import replace

import pytest

from asiento.accounting.decision import Discrepancy
from schemas.acks import Ack, ack_to_json, decode_ack, encode_ack
from schemas.dead_letters import DeadLetter, Header, dead_letter_to_json, decode_dead_letter, encode_dead_letter
from schemas.decisions import (
    OUTCOMES,
    DecisionBatch,
    HealedOutcome,
    RecordOutcome,
    decisions_to_json,
    decode_decisions,
    encode_decisions,
)
from schemas.declared import outputs
from schemas.discrepancies import decode_discrepancy, discrepancy_to_json, encode_discrepancy
from schemas.operator_actions import OperatorAction, action_to_json, decode_action, encode_action
from schemas.output_codec import DecodeError
from tests.unit.schemas.examples import EVENT_ID, OTHER_ID

NOW = 1_767_605_999_000_000
BATCH = DecisionBatch(
    topic="orders.events.v1",
    partition=7,
    first_offset=100,
    next_offset=105,
    outcomes=(
        RecordOutcome(offset=101, event_id=EVENT_ID, order_key="a:b:c:d", outcome="posted", code=None, entry_ids=(OTHER_ID,)),
        RecordOutcome(offset=103, event_id=None, order_key=None, outcome="dead_letter", code="undecodable", entry_ids=()),
    ),
    healed=(HealedOutcome(event_id=OTHER_ID, outcome="posted", code=None, entry_ids=(EVENT_ID, OTHER_ID)),),
    worker="w-1",
    decided_at=NOW,
)
LETTER = DeadLetter(
    topic="orders.events.v1",
    partition=0,
    offset=9,
    key=b"\xff",
    value=b"\x00poison",
    headers=(Header("ce_id", b"x"), Header("ce_id", None), Header("", b"")),
    reason="undecodable",
    detail="a text is not UTF-8",
    schema_id=3,
    first_seen_at=NOW,
    worker_version="0.1.0",
)
DISCREPANCY = Discrepancy(
    discrepancy_id=EVENT_ID,
    code="D10",
    severity="critical",
    order_key="a:b:c:d",
    event_id=OTHER_ID,
    entry_id=None,
    account="accounts_receivable",
    expected=-5,
    actual=0,
    currency="EUR",
    parameters=(("beyond", "5"), ("line", "L1")),
    raised_at=NOW,
    state="OPEN",
)


def test_decisions() -> None:
    assert decode_decisions(encode_decisions(BATCH)) == BATCH
    empty = replace(BATCH, outcomes=(), healed=())
    assert decode_decisions(encode_decisions(empty)) == empty
    shown = decisions_to_json(BATCH)
    assert shown["outcomes"][1] == {"offset": 103, "outcome": "dead_letter", "code": "undecodable", "entry_ids": []}
    assert shown["decided_at"] == "2026-01-05T09:39:59Z"


def test_a_batch_may_be_long() -> None:
    long = replace(BATCH, outcomes=tuple(replace(BATCH.outcomes[0], offset=offset) for offset in range(4_000)))
    assert decode_decisions(encode_decisions(long)) == long


def test_discrepancies() -> None:
    assert decode_discrepancy(encode_discrepancy(DISCREPANCY)) == DISCREPANCY
    bare = replace(DISCREPANCY, event_id=None, account=None, expected=None, actual=None, currency=None, parameters=(), entry_id=EVENT_ID)
    assert decode_discrepancy(encode_discrepancy(bare)) == bare
    assert discrepancy_to_json(bare)["raised_at"] == "2026-01-05T09:39:59Z"
    assert discrepancy_to_json(DISCREPANCY)["parameters"] == {"beyond": "5", "line": "L1"}


def test_dead_letters() -> None:
    assert decode_dead_letter(encode_dead_letter(LETTER)) == LETTER
    bare = replace(LETTER, key=None, value=None, headers=(), schema_id=None)
    assert decode_dead_letter(encode_dead_letter(bare)) == bare
    shown = dead_letter_to_json(LETTER)
    assert (shown["key"], shown["headers"][1]) == ("/w==", {"key": "ce_id"})


def test_one_record_is_not_taken_for_another() -> None:
    for decode in (decode_decisions, decode_discrepancy, decode_dead_letter):
        with pytest.raises(DecodeError):
            decode(None)
    with pytest.raises(DecodeError, match="schema id"):
        decode_decisions(encode_dead_letter(LETTER))


def test_outcomes_are_those_of_the_schema() -> None:
    assert OUTCOMES == outputs.OUTCOMES


ACTION = OperatorAction(
    kind="PROPOSE",
    subject_kind="DISCREPANCY",
    subject="bb36aed8-e105-46a6-9656-cad2e6802c98",
    order_key="acme:shopify:main:1001",
    actor="ana",
    reason="la pasarela lo confirmó por teléfono",
    at=1_795_000_000_000_001,
    event='{"type":"JournalPosted"}',
)
ACK = Ack(entry_id="d4e30a94-8be5-47bc-bde7-48a5a3897db5", ledger="sqlite", status="POSTED", remote_id="17", at=5, chain_hash="ab" * 32)


def test_an_action_survives_the_way_there_and_back() -> None:
    assert decode_action(encode_action(ACTION)) == ACTION
    shown = action_to_json(ACTION)
    assert shown["action_id"] == ACTION.action_id
    assert shown["at"] == "2026-11-18T11:06:40.000001Z"
    assert "assignee" not in shown


def test_an_action_sent_twice_is_one_and_any_other_is_another() -> None:
    assert replace(ACTION).action_id == ACTION.action_id
    others = (replace(ACTION, actor="bo"), replace(ACTION, at=6), replace(ACTION, reason="otra"), replace(ACTION, kind="ASSIGN"))
    assert len({action.action_id for action in (ACTION, *others)}) == 5


def test_the_key_of_an_action_is_its_order_or_else_its_subject() -> None:
    assert ACTION.key == b"acme:shopify:main:1001"
    assert replace(ACTION, order_key=None, subject="orders.events.v1/3/17").key == b"orders.events.v1/3/17"


def test_an_ack_survives_the_way_there_and_back() -> None:
    assert decode_ack(encode_ack(ACK)) == ACK
    assert decode_ack(encode_ack(replace(ACK, chain_hash=None, remote_id=None))) == replace(ACK, chain_hash=None, remote_id=None)
    assert ack_to_json(ACK)["at"] == "1970-01-01T00:00:00.000005Z"
