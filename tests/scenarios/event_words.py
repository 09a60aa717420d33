"""Makes the event of the contract that a step of a scenario tells: one method per word, named in WORDS."""

from collections.abc import Callable

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import OrderEvent
from schemas.events import event_from_json
from tests.order_making import Json, event_json
from tests.order_making import line as order_line
from tests.scenarios.scenario import Step
from tests.scenarios.words import NotUnderstood, Words, at, credited_tax, minor_units, stated_tax

Details = list[tuple[str, Words]]
Told = tuple[str, str, Json]
"""Record name, usual name of the event in a scenario (and business_key), fields."""
_ADJUSTMENTS = ("CHARGE", "GOODWILL", "RETURN_FEE", "TAX")


class EventWords:
    """The events of one scenario, in its currency; knows by name those that were told."""

    def __init__(self, currency: str) -> None:
        self._exponent = CURRENCY_EXPONENTS.get(currency, 2)
        self._currency = currency
        self._inclusive = False
        self.ids: dict[str, str] = {}
        """Name of an event -> event_id."""

    def event(self, step: Step) -> tuple[str, OrderEvent]:
        """Name and event of a step; raises NotUnderstood with file and line."""
        details: Details = []
        for place, text in step.details:
            with at(place):
                details.append((place, Words(text)))
        with at(step.place):
            name, body = self._body(Words(step.text), details)
            for place, below in details:
                with at(place):
                    below.nothing_left()
            return name, event_from_json(body)

    def _body(self, words: Words, details: Details, suffix: str = "") -> tuple[str, Json]:
        word = words.plain("the kind of the event")
        if word == "dispute" and words.next_is("closed"):
            word = "dispute closed"
        if word not in WORDS:
            raise NotUnderstood(f"no event is called `{word}`; there are {', '.join(sorted(WORDS))}")
        envelope = self._envelope(words)
        kind, usual, fields = WORDS[word](self, words, details)
        words.nothing_left()
        name = envelope.pop("id", usual + suffix)
        body = event_json(kind, name, **({"currency": self._currency} | fields | envelope))
        self.ids[name] = body["event_id"]
        return name, body

    def _envelope(self, words: Words) -> Json:
        envelope: Json = dict(words.fields(id="id", business_key="key", currency="currency", occurred_at="at", received_at="received"))
        if "occurred_at" in envelope:
            envelope.setdefault("received_at", envelope["occurred_at"])
        numbers = words.fields(source_sequence="number", currency_exponent="exponent")
        test = {"test_mode": True} if words.flag("test") else {}
        return envelope | {name: int(value) for name, value in numbers.items()} | test

    def _minor(self, text: str) -> int:
        return minor_units(text, self._exponent)

    def _id_of(self, name: str) -> str:
        if name not in self.ids:
            raise NotUnderstood(f"no event is called `{name}` so far; there are {', '.join(self.ids)}")
        return self.ids[name]

    def _order(self, words: Words, details: Details) -> Told:
        words.plain("the currency")
        self._inclusive = words.flag("inclusive")
        fields: Json = {"legal_entity": "ACME-ES", "channel": "web", "terms": "PREPAID", "prices_include_tax": self._inclusive}
        fields |= words.fields(legal_entity="entity", channel="channel", store="store", customer_ref="customer")
        due = words.named("due")
        if due is not None:
            fields |= {"terms": "NET", "due_days": int(due)}
        fields |= words.fields(terms="terms") | self._discounts(words) | self._lines(details, "total")
        return "OrderPlaced", "order", fields

    def _edit(self, words: Words, details: Details) -> Told:
        revision = words.plain("the number of the edit")
        fields = self._discounts(words) | self._lines(details, "total")
        return "OrderEdited", f"edit:{revision}", {"order_revision": int(revision)} | fields

    def _exchange(self, words: Words, details: Details) -> Told:
        exchange_id = words.plain("the id of the exchange")
        fields = words.fields(return_id="return") | self._lines(details, "added", "total_added")
        return "ExchangeCreated", f"exchange:{exchange_id}", {"exchange_id": exchange_id} | fields

    def _discounts(self, words: Words) -> Json:
        """`discount=10.00[:marketplace]`, as often as there are discounts on the order."""
        discounts: list[Json] = []
        for number, text in enumerate(words.all_named("discount"), start=1):
            amount, _, party = text.partition(":")
            stated = {"amount": self._minor(amount), "funded_by": party.upper() or "SELLER"}
            discounts.append({"code": "PROMO" if number == 1 else f"PROMO{number}"} | stated)
        return {"order_discounts": discounts}

    def _lines(self, details: Details, last: str, total_field: str = "total") -> Json:
        fields: Json = {"lines": []}
        for place, words in details:
            with at(place):
                if words.next_is(last):
                    fields[total_field] = self._minor(words.plain("the amount"))
                elif words.next_is("fiscal"):
                    fields["document_fields"] = dict(words.units())
                else:
                    fields["lines"].append(self._line(words))
        if total_field not in fields:
            raise NotUnderstood(f"the line `{last}` is missing")
        return fields

    def _line(self, words: Words) -> Json:
        line_id, kind = words.plain("the line's id"), words.plain("the line's kind")
        quantity, gross = words.plain("the units"), self._minor(words.plain("the amount"))
        fields: Json = {"taxes": [stated_tax(text, self._exponent, included=self._inclusive) for text in words.all_named("tax")]}
        amounts = words.fields(discount="less", order_discount="share")
        fields |= {name: self._minor(amount) for name, amount in amounts.items()}
        fields |= words.fields(revenue_category="category", unit_cost="cost", unit_price="price", sku="sku", description="about")
        fields |= words.fields(product_tax_code="tax_code", unit_code="unit", tax_exemption="exempt")
        return order_line(line_id, gross, quantity, kind, **fields)

    def _capture(self, words: Words, _: Details) -> Told:
        payment_id, amount = words.plain("the payment's id"), self._minor(words.plain("the amount"))
        fields: Json = {
            "payment_id": payment_id,
            "amount": amount,
            "tender": words.plain("the tender"),
            "gateway": words.plain("the gateway"),
        }
        fee = words.named("fee")
        if fee is not None:
            fields["fee"] = self._minor(fee)
        return "PaymentCaptured", f"capture:{payment_id}", fields | words.fields(store="store", parent_payment_id="of")

    def _payment_news(self, kind: str, word: str, words: Words) -> Told:
        payment_id = words.plain("the payment's id")
        amount = self._minor(words.plain("the amount"))
        return kind, f"{word}:{payment_id}", {"payment_id": payment_id, "amount": amount} | words.fields(reason="reason")

    def _ship(self, words: Words, _details: Details) -> Told:
        shipment_id = words.plain("the shipment's id")
        warehouse = words.fields(warehouse="from")
        lines: list[Json] = []
        for line_id, text in words.units():
            quantity, _, cost = text.partition("@")
            lines.append({"line_id": line_id, "quantity": quantity} | ({"unit_cost": cost} if cost else {}))
        return "ShipmentDispatched", f"ship:{shipment_id}", {"shipment_id": shipment_id, "lines": lines} | warehouse

    def _shipment_news(self, kind: str, word: str, words: Words) -> Told:
        shipment_id = words.plain("the shipment's id")
        return kind, f"{word}:{shipment_id}", {"shipment_id": shipment_id}

    def _cancel(self, words: Words, _: Details) -> Told:
        number = (words.rest() or ["1"])[0]
        lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in words.units()]
        return "OrderCancelled", f"cancel:{number}", {"lines": lines, "cancel_charges": words.flag("charges")}

    def _return(self, words: Words, details: Details) -> Told:
        return_id = words.plain("the return's id")
        lines: list[Json] = []
        for place, below in details:
            with at(place):
                line = {"line_id": below.plain("the line's id"), "quantity": below.plain("the units")}
                lines.append(line | {"disposition": below.plain("the disposition")} | below.fields(shipment_id="of"))
        return "ReturnReceived", f"return:{return_id}", {"return_id": return_id, "lines": lines} | words.fields(warehouse="to")

    def _refund(self, words: Words, details: Details) -> Told:
        refund_id = words.plain("the refund's id")
        fields: Json = {"refund_id": refund_id, "lines": [], "adjustments": [], "tenders": []}
        fields |= {"allow_over_refund": words.flag("allowed")} | words.fields(return_id="return")
        for place, below in details:
            with at(place):
                first = below.plain("what is refunded")
                taxes = [credited_tax(text, self._exponent) for text in below.all_named("tax")]
                if first == "pay":
                    fields["tenders"].append(self._tender(below))
                elif first in _ADJUSTMENTS:
                    amount = self._minor(below.plain("the amount"))
                    fields["adjustments"].append({"kind": first, "amount": amount, "taxes": taxes} | below.fields(line_id="on"))
                else:
                    fields["lines"].append(self._refund_line(first, below, taxes))
        return "RefundIssued", f"refund:{refund_id}:{words.named('try', '1')}", fields

    def _refund_line(self, line_id: str, words: Words, taxes: list[Json]) -> Json:
        line: Json = {"line_id": line_id, "quantity": words.plain("the units"), "scope": words.plain("the scope")}
        net = words.named("net")
        stated = {} if net is None else {"net": self._minor(net), "taxes": taxes}
        return line | stated | words.fields(shipment_id="of")

    def _tender(self, words: Words) -> Json:
        tender: Json = {"tender_id": words.plain("the tender's id"), "amount": self._minor(words.plain("the amount"))}
        for name in ("tender", "gateway", "status"):
            tender[name] = words.plain(f"the {name}")
        return tender | words.fields(payment_id="of")

    def _fee(self, words: Words, _: Details) -> Told:
        fee_id, amount = words.plain("the fee's id"), self._minor(words.plain("the amount"))
        fields: Json = {"fee_id": fee_id, "amount": amount, "estimate": words.flag("estimate")}
        fields |= {"account_kind": words.plain("whose fee it is"), "gateway": words.plain("the gateway"), "kind": words.named("for", "fee")}
        tax = words.named("tax")
        if tax is not None:
            fields["tax"] = stated_tax(tax, self._exponent, included=False)
        return "FeeCharged", f"fee:{fee_id}", fields | words.fields(payment_id="of")

    def _dispute(self, words: Words, _: Details) -> Told:
        dispute_id, payment_id = words.plain("the dispute's id"), words.plain("the payment's id")
        fields: Json = {"dispute_id": dispute_id, "payment_id": payment_id, "amount": self._minor(words.plain("the amount"))}
        fields |= {"gateway": words.plain("the gateway"), "fee": self._minor(words.named("fee", "0") or "0")}
        return "ChargebackOpened", f"dispute:{dispute_id}", fields

    def _dispute_closed(self, words: Words, _: Details) -> Told:
        dispute_id, outcome = words.plain("the dispute's id"), words.plain("the outcome")
        won, returned = words.named("won", "0") or "0", words.named("returned", "0") or "0"
        fields = {"dispute_id": dispute_id, "outcome": outcome, "amount_won": self._minor(won), "fee_returned": self._minor(returned)}
        return "ChargebackClosed", f"closed:{dispute_id}", fields

    def _adjust(self, words: Words, _: Details) -> Told:
        adjustment_id, kind = words.plain("the adjustment's id"), words.plain("its kind")
        fields: Json = {"adjustment_id": adjustment_id, "kind": kind, "amount": self._minor(words.plain("the amount"))}
        fields["taxes"] = [stated_tax(text, self._exponent, included=False) for text in words.all_named("tax")]
        return "ReceivableAdjusted", f"adjust:{adjustment_id}", fields | words.fields(jurisdiction="in", approved_by="by")

    def _correct(self, words: Words, details: Details) -> Told:
        wrong = words.plain("the event that was wrong")
        fields: Json = {"supersedes_event_id": self._id_of(wrong)}
        if details:
            place, first = details[0]
            with at(place):
                _, fields["replacement"] = self._body(first, details[1:], ":mended")
        return "EventCorrected", f"correct:{wrong}", fields

    def _journal(self, words: Words, details: Details) -> Told:
        journal_id = words.plain("the journal's id")
        postings: list[Json] = []
        for place, below in details:
            with at(place):
                side = below.plain("debit or credit").upper()
                posting = {"account": below.plain("the account"), "side": side}
                postings.append(posting | {"amount": self._minor(below.plain("the amount"))})
        fields: Json = {"journal_id": journal_id, "postings": postings, "approved_by": words.named("by", "controller")}
        return "JournalPosted", f"journal:{journal_id}", fields | {"reason": words.named("reason", "by hand")}

    def _deadline(self, words: Words, _: Details) -> Told:
        kind = words.plain("the kind of the deadline")
        about = words.rest()
        fields: Json = {"kind": kind, "due_at": words.named("due", "2026-01-05T10:00:00Z")}
        if about:
            fields["about_event_id"] = self._id_of(about[0])
        return "DeadlinePassed", ":".join(["deadline", kind, *about]), fields


WORDS: dict[str, Callable[[EventWords, Words, Details], Told]] = {
    "order": EventWords._order,
    "edit": EventWords._edit,
    "exchange": EventWords._exchange,
    "cancel": EventWords._cancel,
    "authorize": lambda made, words, _: made._payment_news("PaymentAuthorized", "authorize", words),
    "void": lambda made, words, _: made._payment_news("PaymentVoided", "void", words),
    "fail": lambda made, words, _: made._payment_news("PaymentFailed", "fail", words),
    "capture": EventWords._capture,
    "reverse": lambda made, words, _: made._payment_news("PaymentReversed", "reverse", words),
    "ship": EventWords._ship,
    "delivered": lambda made, words, _: made._shipment_news("ShipmentDelivered", "delivered", words),
    "unship": lambda made, words, _: made._shipment_news("ShipmentCancelled", "unship", words),
    "return": EventWords._return,
    "refund": EventWords._refund,
    "fee": EventWords._fee,
    "dispute": EventWords._dispute,
    "dispute closed": EventWords._dispute_closed,
    "adjust": EventWords._adjust,
    "correct": EventWords._correct,
    "journal": EventWords._journal,
    "deadline": EventWords._deadline,
}
"""First word of an event in a scenario -> what makes it."""
