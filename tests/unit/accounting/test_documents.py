"""The documents that entries stand for: lines, totals, references and numbers, as the customer reads them."""

from asiento.accounting.journal import Document
from asiento.accounting.order_events import OrderEvent
from tests.order_making import Json, back, cancelled, captured, event, line, placed, refunded, shipped, tax, tender
from tests.unit.accounting.playing import document_of, last, play, stated_tax

ORDER = placed(
    line("A", 2_100, "2", discount=100, sku="X-1", description="shirt", unit_price="10.5", taxes=[tax(420)]),
    line("S", 300, kind="SHIPPING", description="courier", unit_price="3", taxes=[tax(63)]),
)
PAID = captured("P1", 2_783)


def lines(document: Document) -> list[tuple[str | None, int, int, int, list[int]]]:
    """(line_id, micro-units, net, discount, taxes) of each line."""
    return [(one.line_id, one.quantity, one.net, one.discount, [tax.amount for tax in one.taxes]) for one in document.lines]


def totals(document: Document) -> tuple[int, int, int]:
    """Net, tax and gross."""
    return document.totals.net, document.totals.tax, document.totals.gross


def reference(document: Document) -> str:
    """Kind and number of a document's reference."""
    return document.document_ref.replace("acme-shop:es-1-", "")


def test_an_invoice_shows_units_charges_and_discounts() -> None:
    document = document_of(last(ORDER, shipped("S1", {"A": "1"})), "invoice")
    assert lines(document) == [("A", 1_000_000, 1_000, 50, [210]), ("S", 0, 150, 0, [32])]
    assert totals(document) == (1_150, 242, 1_392)
    assert [(one.sku, one.description, one.unit_price) for one in document.lines] == [("X-1", "shirt", "10.5"), (None, "courier", "3")]
    assert (document.kind, reference(document), document.refers_to, document.due_date) == ("INVOICE", "invoice-1", (), None)


def test_charges_that_are_owed_after_a_cancellation_are_invoiced_without_units() -> None:
    document = document_of(last(ORDER, shipped("S1", {"A": "1"}), cancelled({})), "invoice")
    assert lines(document) == [("S", 0, 150, 0, [31])]


def test_amounts_that_join_a_shipped_block_are_invoiced_without_units() -> None:
    dearer = event("OrderEdited", "edit", order_revision=1, lines=[line("A", 1_100)], order_discounts=[], total=1_100)
    document = document_of(last(placed(line("A", 1_000)), shipped("S1", {"A": "1"}), dearer), "invoice")
    assert lines(document) == [("A", 0, 100, 0, [])]


def test_a_tax_is_shown_with_all_that_tells_it_from_others() -> None:
    (shown,) = document_of(last(ORDER, shipped("S1", {"A": "1"})), "invoice").lines[0].taxes
    assert (shown.jurisdiction, shown.type, shown.code, shown.rate, shown.amount, shown.liable_party) == (
        "ES",
        "VAT",
        "IVA",
        "0.21",
        210,
        "SELLER",
    )


def test_free_units_are_shown_beside_others() -> None:
    order = placed(line("A", 0, "2"), line("B", 500))
    assert lines(document_of(last(order, shipped("S1", {"A": "1", "B": "1"})), "invoice")) == [
        ("A", 1_000_000, 0, 0, []),
        ("B", 1_000_000, 500, 0, []),
    ]


def test_documents_are_numbered_per_kind() -> None:
    decisions = play(ORDER, shipped("S1", {"A": "1"}), PAID, shipped("S2", {"A": "1"}), refunded("R1", [back("A", "1")], []))
    made = [reference(entry.document) for decision in decisions for entry in decision.entries if entry.document is not None]
    assert made == ["invoice-1", "payment-1", "invoice-2", "credit_note-1"]


def test_entries_of_an_order_are_numbered_without_gaps() -> None:
    decisions = play(ORDER, shipped("S1", {"A": "1"}), PAID, shipped("S2", {"A": "1"}), refunded("R1", [back("A", "1")], []))
    numbers = [entry.entry_seq for decision in decisions for entry in decision.entries]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_payment_is_a_document_of_its_amount() -> None:
    document = document_of(last(ORDER, PAID), "capture")
    assert (document.kind, totals(document), document.lines) == ("PAYMENT", (2_783, 0, 2_783), ())


def test_a_credit_note_shows_what_is_given_back_of_which_invoices() -> None:
    sent = (ORDER, shipped("S1", {"A": "1"}), shipped("S2", {"A": "1"}), PAID)
    note = document_of(last(*sent, refunded("R1", [back("A", "1", shipment_id="S2")], [])), "credit_note")
    assert lines(note) == [("A", 1_000_000, 1_000, 0, [210])]
    assert totals(note) == (1_000, 210, 1_210)
    assert (note.kind, note.refers_to) == ("CREDIT_NOTE", ("invoice-acme-shop:es-1-2",))
    assert [(one.sku, one.description, one.unit_price) for one in note.lines] == [("X-1", "shirt", "10.5")]
    (shown,) = note.lines[0].taxes
    assert (shown.jurisdiction, shown.type, shown.code, shown.rate, shown.liable_party) == ("ES", "VAT", "IVA", "0.21", "SELLER")


def test_a_credit_of_units_of_two_shipments_refers_to_both_invoices() -> None:
    sent = (ORDER, shipped("S1", {"A": "1"}), shipped("S2", {"A": "1"}))
    note = document_of(last(*sent, refunded("R1", [back("A", "2")], [])), "credit_note")
    assert note.refers_to == ("invoice-acme-shop:es-1-1", "invoice-acme-shop:es-1-2")
    assert lines(note) == [("A", 2_000_000, 2_000, 0, [420])]


def test_a_credit_of_no_units_refers_to_all_invoices_and_says_what_it_is() -> None:
    sent = (ORDER, shipped("S1", {"A": "1"}), shipped("S2", {"A": "1"}))
    given = [{"kind": "GOODWILL", "amount": 100, "taxes": [stated_tax(21)]}]
    note = document_of(last(*sent, refunded("R1", [], [], adjustments=given)), "credit_note")
    assert note.refers_to == ("invoice-acme-shop:es-1-1", "invoice-acme-shop:es-1-2")
    assert lines(note) == [(None, 0, 100, 0, [21])]
    assert [(one.description, one.sku, one.unit_price) for one in note.lines] == [("GOODWILL", None, None)]


def test_goodwill_on_a_line_shows_the_line_without_units() -> None:
    given = [{"kind": "GOODWILL", "amount": 100, "taxes": [], "line_id": "A"}]
    note = document_of(last(ORDER, shipped("S1", {"A": "1"}), refunded("R1", [], [], adjustments=given)), "credit_note")
    assert lines(note) == [("A", 0, 100, 0, [])]
    assert [(one.description, one.sku, one.unit_price) for one in note.lines] == [("GOODWILL", "X-1", None)]


def test_an_allowance_is_shown_as_one() -> None:
    note = document_of(last(ORDER, shipped("S1", {"A": "1"}), PAID, refunded("R1", [], [tender("T1", 121)])), "credit_note")
    # of 1150 net and 242 tax: R(242 * 121 / 1392) = 21
    assert lines(note) == [(None, 0, 100, 0, [21])]
    assert [one.description for one in note.lines] == ["ALLOWANCE"]


def test_a_return_fee_is_a_line_of_an_invoice_of_its_own() -> None:
    kept = [{"kind": "RETURN_FEE", "amount": 50, "taxes": [stated_tax(11)], "line_id": "A"}]
    decision = last(ORDER, shipped("S1", {"A": "2"}), PAID, refunded("R1", [back("A", "1")], [], adjustments=kept))
    document = document_of(decision, "invoice")
    assert (reference(document), totals(document), lines(document)) == ("invoice-2", (50, 11, 61), [("A", 0, 50, 0, [11])])
    assert document.lines[0].description == "RETURN_FEE"
    (shown,) = document.lines[0].taxes
    assert (shown.jurisdiction, shown.type, shown.code, shown.rate, shown.liable_party) == ("ES", "VAT", "IVA", "0.21", "SELLER")


def test_money_that_goes_back_refers_to_its_credit_note() -> None:
    sent = (ORDER, shipped("S1", {"A": "2"}), PAID)
    document = document_of(last(*sent, refunded("R1", [back("A", "1")], [tender("T1", 1_210)])), "refund")
    assert (document.kind, totals(document)) == ("REFUND", (1_210, 0, 1_210))
    assert document.refers_to == ("credit_note-acme-shop:es-1-1",)


def test_money_that_is_settled_later_refers_to_the_credit_note_of_its_refund() -> None:
    sent = (ORDER, shipped("S1", {"A": "2"}), PAID)
    other = refunded("R0", [back("A", "1")], [])
    begun = refunded("R1", [back("A", "1")], [tender("T1", 1_210, "PENDING")])
    done = refunded("R1", [back("A", "1")], [tender("T1", 1_210)], label="refund:R1:2")
    assert document_of(last(*sent, other, begun, done), "refund").refers_to == ("credit_note-acme-shop:es-1-2",)


def test_money_that_was_paid_too_much_goes_back_without_a_credit_note() -> None:
    document = document_of(last(ORDER, captured("P1", 3_000), refunded("R1", [], [tender("T1", 217)])), "refund")
    assert document.refers_to == ()


def test_a_cancelled_shipment_is_credited_as_it_was_invoiced() -> None:
    undone = event("ShipmentCancelled", "undone", shipment_id="S1")
    entry = last(ORDER, shipped("S1", {"A": "1"}), undone).entries[0]
    note = entry.document
    assert note is not None
    assert (note.kind, note.refers_to, totals(note)) == ("CREDIT_NOTE", ("invoice-acme-shop:es-1-1",), (1_150, 242, 1_392))
    assert lines(note) == [("A", 1_000_000, 1_000, 50, [210]), ("S", 0, 150, 0, [32])]


def test_an_order_on_account_is_due_after_its_days() -> None:
    order = placed(line("A", 500), terms="NET", due_days=0)
    assert document_of(last(order, shipped("S1", {"A": "1"})), "invoice").due_date == "2026-01-05"


def test_fiscal_data_comes_from_order_lines_edits_and_discounts() -> None:
    def told(**fields: str) -> Json:
        return {"lines": [line("A", 1_000, **fields)], "total": 900}

    promo = [{"code": "PROMO", "amount": 100, "funded_by": "MARKETPLACE"}]
    order = placed(order_discounts=promo, **told(unit_code="H87", tax_exemption="E1"), document_fields={"NIF": "B1"})
    edit = event("OrderEdited", "edit", order_revision=1, order_discounts=promo, **told(unit_code="KGM", product_tax_code="531"))
    exchange: OrderEvent = event("ExchangeCreated", "exchange", exchange_id="X", lines=[line("B", 10, unit_code="LTR")], total_added=10)
    assert dict(document_of(last(order, edit, exchange, shipped("S1", {"A": "1"})), "invoice").fiscal) == {
        "NIF": "B1",
        "line:A:product_tax_code": "531",
        "line:A:tax_exemption": "E1",
        "line:A:unit_code": "KGM",
        "line:B:unit_code": "LTR",
        "order_discount:PROMO:funded_by": "MARKETPLACE",
    }
