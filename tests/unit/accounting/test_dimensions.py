"""By what postings can be told apart: channel and store always, category, warehouse and tax where they apply."""

from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from tests.order_making import back, captured, event, line, placed, refunded, shipped, tax, tender
from tests.unit.accounting.playing import chargeback, entry_of, last, stated_tax

ORDER = placed(
    line("A", 2_000, "2", discount=200, revenue_category="books", unit_cost="3", taxes=[tax(378)]),
    line("S", 300, kind="SHIPPING"),
    store="centro",
)
SENT = (ORDER, shipped("S1", {"A": "2"}, warehouse="W1"))
BASE = "channel=web store=centro"
TAX = f"{BASE} tax_code=IVA tax_rate=0.21"
BOOKS = f"category=books {BASE}"


def told(entry: JournalEntry) -> dict[str, str]:
    """Dimensions per account."""
    return {one.account: " ".join(f"{name}={value}" for name, value in one.dimensions) for one in entry.postings}


def test_an_invoice() -> None:
    assert told(entry_of(last(*SENT), "invoice")) == {
        "accounts_receivable": BASE,
        "sales_discounts": BOOKS,
        "revenue:books": BOOKS,
        "shipping_revenue": f"category=sales {BASE}",
        "tax_payable:ES:VAT": TAX,
    }


def test_the_cost_of_a_shipment() -> None:
    where = f"{BOOKS} warehouse=W1"
    assert told(entry_of(last(*SENT), "cost")) == {"cogs:books": where, "inventory:W1": where}
    nowhere = f"{BOOKS} warehouse=default"
    assert told(entry_of(last(ORDER, shipped("S1", {"A": "1"})), "cost")) == {"cogs:books": nowhere, "inventory:default": nowhere}


def test_stock_that_comes_back() -> None:
    def received(**fields: str) -> OrderEvent:
        returned = [{"line_id": "A", "quantity": "1", "disposition": "RESTOCK"}]
        return event("ReturnReceived", "return", return_id="B1", lines=returned, **fields)

    where = f"{BOOKS} warehouse=W2"
    assert told(entry_of(last(*SENT, received(warehouse="W2")), "return_stock")) == {"inventory:W2": where, "cogs:books": where}
    nowhere = f"{BOOKS} warehouse=default"
    assert told(entry_of(last(*SENT, received()), "return_stock")) == {"inventory:default": nowhere, "cogs:books": nowhere}


def test_a_credit_note() -> None:
    assert told(entry_of(last(*SENT, refunded("R1", [back("A", "1")], [])), "credit_note")) == {
        "sales_returns:books": BOOKS,
        "tax_payable:ES:VAT": TAX,
        "accounts_receivable": BASE,
    }


def test_a_charge_given_back() -> None:
    charge = [{"kind": "CHARGE", "amount": 100, "taxes": []}]
    assert told(entry_of(last(*SENT, refunded("R1", [], [], adjustments=charge)), "credit_note")) == {
        "shipping_revenue": f"category=sales {BASE}",
        "accounts_receivable": BASE,
    }


def test_goodwill_has_a_category_on_a_line_only() -> None:
    def given(**fields: str) -> dict[str, str]:
        goodwill = [{"kind": "GOODWILL", "amount": 10, "taxes": [stated_tax(2)]} | fields]
        return told(entry_of(last(*SENT, refunded("R1", [], [], adjustments=goodwill)), "credit_note"))

    assert given(line_id="A") == {"sales_allowances": BOOKS, "tax_payable:ES:VAT": TAX, "accounts_receivable": BASE}
    assert given() == {"sales_allowances": BASE, "tax_payable:ES:VAT": TAX, "accounts_receivable": BASE}


def test_a_return_fee() -> None:
    kept = [{"kind": "RETURN_FEE", "amount": 50, "taxes": [stated_tax(11)]}]
    assert told(entry_of(last(*SENT, refunded("R1", [], [], adjustments=kept)), "invoice")) == {
        "accounts_receivable": BASE,
        "return_fee_income": BASE,
        "tax_payable:ES:VAT": TAX,
    }


def test_money_and_what_it_settles() -> None:
    paid = captured("P1", 2_478, fee=10)
    assert told(entry_of(last(*SENT, paid), "capture")) == {"psp_clearing:stripe": BASE, "accounts_receivable": BASE}
    assert told(entry_of(last(*SENT, paid), "fee")) == {"psp_fees": BASE, "psp_clearing:stripe": BASE}
    assert told(entry_of(last(ORDER, paid, shipped("S1", {"A": "2"})), "apply")) == {
        "accounts_receivable": BASE,
        "contract_liability": BASE,
    }
    gone = refunded("R1", [back("A", "1")], [tender("T1", 100)])
    assert told(entry_of(last(*SENT, paid, gone), "refund")) == {"refunds_payable": BASE, "psp_clearing:stripe": BASE}


def test_a_fee_with_its_tax() -> None:
    fee = event(
        "FeeCharged", "fee", fee_id="F", kind="ads", amount=100, account_kind="MARKETPLACE", gateway="amazon", estimate=False, tax=tax(21)
    )
    assert told(entry_of(last(*SENT, fee), "fee")) == {
        "marketplace_fees:ads": BASE,
        "tax_receivable:ES:VAT": TAX,
        "marketplace_clearing:amazon": BASE,
    }


def test_a_dispute_with_its_fee() -> None:
    entry = entry_of(last(ORDER, captured("P1", 500), chargeback("D1", 400, 15)), "chargeback")
    assert told(entry) == dict.fromkeys(("dispute_receivable", "dispute_fees", "psp_clearing:stripe"), BASE)


def test_a_receivable_adjusted_with_its_tax() -> None:
    less = event("ReceivableAdjusted", "less", adjustment_id="A1", kind="WRITE_OFF", amount=100, taxes=[tax(21)])
    assert told(entry_of(last(*SENT, less), "receivable_adjusted")) == {
        "bad_debt": BASE,
        "tax_payable:ES:VAT": TAX,
        "accounts_receivable": BASE,
    }


def test_money_on_suspense_belongs_to_nobody_yet() -> None:
    waiting = captured("P1", 100)
    entry = last(waiting, event("DeadlinePassed", "late", kind="PARKED", due_at="2026-01-05T10:00:00Z", about_event_id=waiting.event_id))
    assert told(entry.entries[0]) == {"psp_clearing:stripe": "channel=unassigned", "suspense:unknown_order": "channel=unassigned"}
    assert (entry.entries[0].legal_entity, entry.entries[0].channel) == ("unassigned", "unassigned")


def test_an_order_without_a_store() -> None:
    order = placed(line("A", 1_000))
    assert told(entry_of(last(order, captured("P1", 1)), "capture")) == {
        "psp_clearing:stripe": "channel=web",
        "contract_liability": "channel=web",
    }
