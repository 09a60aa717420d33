"""Every code of a discrepancy with the events that make it, what a person fills into the commands of its runbook, and what mends it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import DeadlinePassed, OrderEvent
from schemas.events import event_to_json
from tests.order_making import Json, cancelled, captured, line, placed, refunded, tender
from tests.unit.schemas.telling_lives import LIVES, ORDER, PAID, SENT, VAT, edited, paid_back

FIX: Final = 'asiento events fix EVENT_ID --set PATH=VALUE --reason "WHY"'
FIX_BESIDE: Final = 'asiento events fix EVENT_ID --set PATH=VALUE --set OWN_ID=NEW --reason "WHY"'
FIX_NEWER: Final = 'asiento events fix EVENT_ID --reason "WHY"'
REPLAY: Final = 'asiento events replay EVENT_ID --reason "WHY"'
RESOLVE_EVENT: Final = 'asiento events resolve EVENT_ID --reason "WHY"'
ASSIGN_EVENT: Final = 'asiento events assign EVENT_ID --to NAME --reason "WHY"'
RESOLVE: Final = 'asiento discrepancies resolve DISCREPANCY_ID --reason "WHY"'
WRITE_OFF: Final = 'asiento discrepancies resolve DISCREPANCY_ID --write-off AMOUNT --reason "WHY"'
POST: Final = 'asiento discrepancies resolve DISCREPANCY_ID --post DEBIT:ACCOUNT:AMOUNT --post CREDIT:ACCOUNT:AMOUNT --reason "WHY"'
SEND: Final = "asiento events send FILE"
SOURCE_SENDS: Final = "the source sends what was missing"
"""Mends without a command: the page says to have it sent."""

OF_REJECTED: Final = (FIX, f"{FIX} --dry-run", REPLAY, RESOLVE_EVENT)
"""Commands for an event that was rejected: not for one that was posted or waits."""
TEN_WEEKS_LATER: Final = "2026-03-16T12:00:00Z"
"""After every deadline of an order of 5 January 2026."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way in which a code is raised. The orders of all cases differ; ids are the case's own (`Told`).

    events: what arrives, deadlines left out: `swept` has the sweeper tell them. mending: what was missing, sent by `mend`.
    words: placeholder of the page -> what a person writes there. mend: commands as the page writes them, in their order.
    unfit: commands of the page that are for another form of the code. by_itself: whether the stream closes it.
    listed: where its discrepancy is listed, if not under its own code. leaves: role -> what the order holds of it when the page says that
    it is over, minor units, debit positive.
    """

    code: str
    form: str = ""
    events: tuple[OrderEvent, ...]
    mending: tuple[OrderEvent, ...] = ()
    swept: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    mend: tuple[str, ...]
    unfit: tuple[str, ...] = ()
    by_itself: bool
    listed: str = ""
    leaves: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For people, and part of the order's id."""
        return f"{self.code}-{self.form}" if self.form else self.code


@dataclass(frozen=True, slots=True)
class Told:
    """The events of a case with ids of its own. `event_id`: of the one that a person looks at."""

    order_key: str
    event_id: str
    arriving: tuple[Json, ...]
    mending: tuple[Json, ...]


def told(case: Case) -> Told:
    """The events of a case as its source sends them, in an order of its own."""
    order_id = case.name
    about = next((one.about_event_id for one in case.events if isinstance(one, DeadlinePassed) and one.about_event_id), None)
    arriving = [one for one in case.events if not isinstance(one, DeadlinePassed)]
    ids = {one.event_id: str(uuid5(NAMESPACE_URL, f"{order_id}/{one.event_id}")) for one in (*case.events, *case.mending)}
    events, mending = (_own(one, order_id, ids) for one in (arriving, case.mending))
    event_id = ids[about] if about is not None else events[-1]["event_id"]
    return Told(f"{events[0]['tenant']}:{events[0]['source']}:{order_id}", event_id, tuple(events), tuple(mending))


def _own(events: Sequence[OrderEvent], order_id: str, ids: Mapping[str, str]) -> list[Json]:
    return [event_to_json(one) | {"order_id": order_id, "event_id": ids[one.event_id]} for one in events]


def held_of(entries: Iterable[JournalEntry]) -> Counter[str]:
    """Role -> what these entries leave there, minor units, debit positive."""
    held: Counter[str] = Counter()
    for leg in (leg for entry in entries for leg in entry.postings):
        held[leg.account.partition(":")[0]] += leg.amount if leg.side == "DEBIT" else -leg.amount
    return held


def _life(code: str, reason: str = "") -> tuple[OrderEvent, ...]:
    return tuple(LIVES[code, reason])


MORE_TO_SHIP: Final = edited(line("A", 2_000, "2", **VAT), line("F", 500, kind="SHIPPING"), line("Z", 100))
GAPLESS: Final = captured("P1", 1_000, source_sequence=2)
NEARLY_TOO_MUCH: Final = (ORDER, captured("P0", 10**15 - 1_000), *(captured(f"P{number}", 10**15) for number in range(1, 101)))
HAND: Final = {"DEBIT:ACCOUNT:AMOUNT": "DEBIT:psp_fees:80", "CREDIT:ACCOUNT:AMOUNT": "CREDIT:psp_clearing:stripe:80"}
BAD_DEBT: Final = {"DEBIT:ACCOUNT:AMOUNT": "DEBIT:bad_debt:500", "CREDIT:ACCOUNT:AMOUNT": "CREDIT:rounding:500"}

CASES: Final = (
    Case(code="D01", form="low", events=_life("D01", "within_tolerance"), mend=(RESOLVE,), unfit=OF_REJECTED, by_itself=False),
    Case(
        code="D01",
        form="high",
        events=_life("D01", "beyond_tolerance"),
        words={"PATH=VALUE": "total=1000"},
        mend=(FIX,),
        by_itself=False,
    ),
    Case(
        code="D03",
        events=_life("D03", "shares_above"),
        words={"PATH=VALUE": "lines[0].order_discount="},
        mend=(FIX,),
        by_itself=False,
    ),
    Case(code="D05", events=_life("D05"), mend=(RESOLVE,), by_itself=False),
    Case(
        code="D06",
        form="line",
        events=_life("D06", "line_twice"),
        mending=(ORDER,),
        words={"PATH=VALUE": "lines[1].line_id=B", **BAD_DEBT},
        mend=(FIX,),
        unfit=(POST,),
        by_itself=False,
    ),
    Case(
        code="D06",
        form="journal",
        events=_life("D06", "unbalanced_journal"),
        mending=(ORDER,),
        words={"PATH=VALUE": "postings[1].amount=500", **BAD_DEBT},
        mend=(POST,),
        by_itself=False,
    ),
    Case(
        code="D08",
        events=_life("D08"),
        mending=(refunded("R1", [], [tender("T1", 80)]),),
        words=HAND,
        mend=(SOURCE_SENDS,),
        by_itself=True,
        leaves={"contract_liability": -2_920},
    ),
    Case(
        code="D09",
        events=_life("D09"),
        swept=True,
        mending=(ORDER,),
        mend=(SEND,),
        by_itself=True,
        leaves={"suspense": 0, "contract_liability": -2_920},
    ),
    Case(
        code="D10",
        form="waits",
        events=_life("D10", "money_missing"),
        mending=(captured("P2", 6_080),),
        words=HAND,
        mend=(SEND,),
        by_itself=True,
    ),
    Case(code="D10", form="posted", events=_life("D10", "beyond_cap"), mending=(PAID,), words=HAND, mend=(RESOLVE,), by_itself=False),
    Case(
        code="D11",
        form="waits",
        events=_life("D11", "line_unknown"),
        mending=(MORE_TO_SHIP,),
        words={"PATH=VALUE": "lines[0].line_id=A", "OWN_ID=NEW": "shipment_id=S1-b"},
        mend=(SEND,),
        unfit=OF_REJECTED,
        by_itself=True,
    ),
    Case(
        code="D11",
        form="rejected",
        events=_life("D11", "units_below_taken"),
        mending=(PAID,),
        words={"PATH=VALUE": "lines[0].quantity=2"},
        mend=(FIX,),
        unfit=(FIX_BESIDE, ASSIGN_EVENT),
        by_itself=False,
    ),
    Case(
        code="D16",
        form="paid",
        events=_life("D16"),
        swept=True,
        mending=(PAID,),
        words={"AMOUNT": "2920"},
        mend=(SEND,),
        by_itself=True,
        leaves={"accounts_receivable": 0},
    ),
    Case(
        code="D16",
        form="written-off",
        events=_life("D16"),
        swept=True,
        mending=(PAID,),
        words={"AMOUNT": "2920"},
        mend=(WRITE_OFF,),
        by_itself=True,
        leaves={"accounts_receivable": 0},
    ),
    Case(code="D17", events=_life("D17"), swept=True, mending=(SENT,), mend=(SEND,), by_itself=True),
    Case(code="D19", events=_life("D19"), mending=(GAPLESS,), mend=(SEND,), by_itself=True),
    Case(code="D21", form="newer", events=_life("D21"), mend=(FIX_NEWER,), by_itself=False),
    Case(code="D21", form="first", events=_life("D21"), mend=(RESOLVE,), by_itself=False),
    Case(code="D22", form="newer", events=_life("D22", "said_otherwise"), mend=(FIX_NEWER,), by_itself=False),
    Case(code="D22", form="first", events=_life("D22", "said_otherwise"), mend=(RESOLVE,), by_itself=False),
    Case(
        code="D22",
        form="refund",
        events=_life("D22", "refund_differs"),
        mend=(RESOLVE,),
        unfit=(FIX_NEWER, f"{FIX_NEWER} --dry-run"),
        by_itself=False,
    ),
    Case(code="D24", events=_life("D24", "other_currency"), words={"PATH=VALUE": "currency=EUR"}, mend=(FIX,), by_itself=False),
    Case(
        code="D27",
        events=_life("D27", "order_unknown"),
        swept=True,
        mending=(ORDER,),
        words={"PATH=VALUE": "lines[0].quantity=1", "OWN_ID=NEW": "shipment_id=S1-b"},
        mend=(SEND,),
        by_itself=True,
    ),
    Case(
        code="D28",
        events=_life("D28"),
        mending=(refunded("R1", [], [tender("T1", 100)], label="refund:R1:2"),),
        mend=(SOURCE_SENDS,),
        by_itself=True,
        leaves={"refunds_payable": 0},
    ),
    Case(
        code="D38",
        form="refund",
        events=_life("D38", "refund"),
        mending=(cancelled({"A": "1"}),),
        words=HAND,
        mend=(SOURCE_SENDS,),
        by_itself=True,
    ),
    Case(
        code="D38",
        form="deadline",
        events=(ORDER, PAID, cancelled({}, cancel_charges=True), *_life("D38", "deadline")[3:]),
        swept=True,
        mending=(paid_back(2_920),),
        words=HAND,
        mend=(SOURCE_SENDS,),
        by_itself=True,
        leaves={"refunds_payable": 0},
    ),
    Case(
        code="amount_limit",
        events=NEARLY_TOO_MUCH,
        words={"PATH=VALUE": "amount=100"},
        mend=(FIX,),
        by_itself=False,
    ),
    Case(
        code="parking_overflow",
        events=_life("D27", "parking_overflow"),
        mending=(placed(line("A", 10_000)),),
        mend=(SOURCE_SENDS, REPLAY),
        by_itself=False,
        listed="D27",
    ),
    Case(code="order_archived", events=_life("order_archived"), mend=(RESOLVE_EVENT,), by_itself=False),
)
