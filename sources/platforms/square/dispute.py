"""A Square dispute: money is withheld while it runs; inquiries before it move none."""

from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fetch, Part, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.payment_facts import Payment, dispute_closed, dispute_opened
from sources.platforms.square.money import reader_for
from sources.platforms.square.shapes import disputed_payment
from sources.platforms.square.tenders import GATEWAY

_OPEN: Final = frozenset({"EVIDENCE_REQUIRED", "PROCESSING", "WAITING_THIRD_PARTY"})
_LOST: Final = frozenset({"LOST", "ACCEPTED"})


def read_dispute(part: Part, context: Context) -> Reading | Nothing:
    """ChargebackOpened, and ChargebackClosed once it is decided."""
    dispute: Node = part.node
    money, state = reader_for(dispute, "amount_money"), dispute.need("state").text()
    if not context.connection.tells("disputes"):
        return Nothing("disputes of this source are not told")
    if state.startswith("INQUIRY_"):
        return Nothing("an inquiry: no money moved")
    if state not in {*_OPEN, *_LOST, "WON"}:
        raise Unjudged("reject_malformed", f"{dispute.pointer}/state is not a state", f"{dispute.pointer}/state")
    amount, payment_id = money.positive(dispute, "amount_money"), disputed_payment(dispute).reference()
    payment = Payment(payment_id=payment_id, gateway=GATEWAY, currency=money.currency, reference=payment_id)
    dispute_id = (dispute.find("id") or dispute.need("dispute_id")).reference()
    created_at = (dispute.find("created_at") or dispute.need("reported_at")).time(context.zone)
    facts = [dispute_opened(payment, dispute_id, amount, 0, created_at)]
    if state not in _OPEN:
        updated_at = dispute.need("updated_at").time(context.zone)
        facts.append(dispute_closed(payment, dispute_id, amount, amount if state == "WON" else 0, updated_at))
    known = context.snapshot.owner is not None or not context.remembers
    fetches = () if known else (Fetch("payments", f"payments/{payment_id}", "the order of a disputed payment"),)
    return Reading(facts=tuple(facts), fetches=fetches)
