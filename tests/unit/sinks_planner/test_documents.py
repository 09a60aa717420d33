"""What documents say beside accounts and amounts: customers, days, units, and when they are refused."""

from dataclasses import replace

import pytest

from asiento.accounting.journal import Document, DocumentLine, DocumentTax, JournalEntry, Posting
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.targets import Target, Unmapped
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from sinks.planner.settling import settle_order
from tests.unit.sinks.journal import capture, hashed, invoice
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND, JOURNALS, JOURNALS_ONLY
from tests.unit.sinks_planner.rules import Rules


def _told(
    *entries: JournalEntry,
    rules: Rules | None = None,
    capabilities: Capabilities = EVERY_KIND,
    connection: Connection = DOCUMENTS,
    order: OrderPicture | None = None,
) -> list[LedgerDocument]:
    """The documents of entries, each an event of its own."""
    order = order or OrderPicture()
    told: list[LedgerDocument] = []
    for number, entry in enumerate(entries):
        hashed_entry = hashed(replace(entry, event_id=f"{number}", entry_seq=number + 1))
        planned = plan_entry(hashed_entry, order, rules or Rules(), capabilities, connection)
        told += planned.documents
        order = planned.order
    return told


def _stated(entry: JournalEntry) -> Document:
    assert entry.document is not None
    return entry.document


def _paid(amount: int = 11_600) -> JournalEntry:
    """A capture of what is owed."""
    return replace(
        capture(),
        postings=(
            Posting(account="psp_clearing:stripe", side="DEBIT", amount=amount),
            Posting(account="accounts_receivable", side="CREDIT", amount=amount),
        ),
    )


def _credited() -> JournalEntry:
    """The credit note of all that was invoiced."""
    entry, turned = invoice(), {"DEBIT": "CREDIT", "CREDIT": "DEBIT"}
    return replace(
        entry,
        entry_id=f"{entry.entry_id[:-1]}f",
        document=replace(_stated(entry), kind="CREDIT_NOTE"),
        postings=tuple(replace(posting, side=turned[posting.side]) for posting in entry.postings),  # type: ignore[arg-type]
    )


def test_an_invoice_names_customer_receivable_due_day_and_units() -> None:
    rules = Rules(targets={"revenue:sales": Target(account="4000", item="MUG")})
    entry = replace(invoice(), document=replace(_stated(invoice()), due_date="2025-07-15"))
    (document,) = _told(entry, rules=rules)
    assert (document.kind, document.contact, document.receivable) == (DocumentKind.INVOICE, "Customers of web", "ACCOUNTS_RECEIVABLE")
    assert (document.due_date, document.date, document.total) == ("2025-07-15", "2025-06-15", 11_600)
    line, tax = document.lines
    assert (line.account, line.item, line.quantity, line.unit_price) == ("4000", "MUG", 2_000_000, "50.00")
    assert (line.description, line.dimensions) == ("mug", (("category", "sales"), ("channel", "web")))
    assert (tax.account, tax.amount, tax.quantity) == ("TAX_PAYABLE:MX:VAT", 1_600, None)


def test_a_split_line_says_no_units() -> None:
    """Two accounts, one line: the units belong to neither."""
    parts = tuple(Posting(account=f"revenue:{name}", side="CREDIT", amount=5_000) for name in ("books", "mugs"))
    entry = replace(invoice(), postings=(invoice().postings[0], *parts, invoice().postings[2]))
    (document,) = _told(entry)
    assert [(line.role, line.amount, line.quantity, line.unit_price) for line in document.lines[:2]] == [
        ("revenue:books", 5_000, None, None),
        ("revenue:mugs", 5_000, None, None),
    ]


def test_an_account_with_exactly_the_amount_of_a_line_is_its_own() -> None:
    parts = (
        Posting(account="revenue:books", side="CREDIT", amount=7_000),
        Posting(account="revenue:mugs", side="CREDIT", amount=3_000),
    )
    lines = tuple(
        DocumentLine(quantity=1, net=net, discount=0, taxes=(), description=text) for text, net in (("a mug", 3_000), ("a book", 7_000))
    )
    entry = replace(
        invoice(),
        postings=(invoice().postings[0], *parts, invoice().postings[2]),
        document=replace(_stated(invoice()), lines=lines),
    )
    (document,) = _told(entry)
    assert [(line.description, line.role, line.amount) for line in document.lines] == [
        ("a mug", "revenue:mugs", 3_000),
        ("a book", "revenue:books", 7_000),
        ("tax_payable:MX:VAT", "tax_payable:MX:VAT", 1_600),
    ]


def test_a_line_without_units_takes_what_units_left() -> None:
    """Amounts can be left when all units are gone: they are still the line's own."""
    lines = (DocumentLine(quantity=0, net=10_000, discount=0, taxes=(), description="rest of a mug"),)
    (document,) = _told(replace(invoice(), document=replace(_stated(invoice()), lines=lines)))
    assert (document.lines[0].description, document.lines[0].role) == ("rest of a mug", "revenue:sales")


def test_whatever_the_lines_say_the_accounts_are_those_of_the_entry() -> None:
    lines = (DocumentLine(quantity=1, net=999_999, discount=5, taxes=(), sku="odd"), DocumentLine(quantity=0, net=-3, discount=0, taxes=()))
    (document,) = _told(replace(invoice(), document=replace(_stated(invoice()), lines=lines)))
    assert [(line.role, line.amount) for line in document.lines] == [("revenue:sales", 10_000), ("tax_payable:MX:VAT", 1_600)]


def test_a_late_invoice_keeps_the_day_it_belongs_to() -> None:
    (document,) = _told(replace(invoice(), posting_date="2025-07-01", late=True))
    assert (document.date, document.original_date) == ("2025-07-01", "2025-06-15")


def _with_taxes(*taxes: DocumentTax, posted: tuple[Posting, ...]) -> JournalEntry:
    (line,) = _stated(invoice()).lines
    document = replace(_stated(invoice()), lines=(replace(line, taxes=taxes),))
    return replace(invoice(), postings=(*invoice().postings[:2], *posted), document=document)


VAT = _stated(invoice()).lines[0].taxes[0]
POSTED = Posting(account="tax_payable:MX:VAT", side="CREDIT", amount=1_600, dimensions=(("tax_code", "IVA"), ("tax_rate", "0.16")))
CODED = Rules(per_role=lambda role: Target(account=role, tax_code="V16" if role.startswith("tax_payable") else None))


def test_a_tax_with_a_code_is_on_its_line() -> None:
    (document,) = _told(_with_taxes(VAT, posted=(POSTED,)), rules=CODED)
    (line,) = document.lines
    assert line.tax is not None
    assert (line.amount, line.tax.code, line.tax.rate, line.tax.amount) == (10_000, "V16", "0.16", 1_600)
    assert (line.tax.account, line.tax.role, document.net, document.total) == ("tax_payable:MX:VAT", "tax_payable:MX:VAT", 10_000, 11_600)


@pytest.mark.parametrize(
    "stated",
    [
        (replace(VAT, amount=1_599),),
        (replace(VAT, rate="0.08"),),
        (replace(VAT, liable_party="MARKETPLACE"),),
        (replace(VAT, amount=800), replace(VAT, amount=800)),
        (),
    ],
    ids=["another amount", "another rate", "of the marketplace", "twice", "none"],
)
def test_a_tax_that_the_lines_do_not_say_is_a_line_of_its_own(stated: tuple[DocumentTax, ...]) -> None:
    (document,) = _told(_with_taxes(*stated, posted=(POSTED,)), rules=CODED)
    assert [(line.role, line.amount, line.tax) for line in document.lines] == [
        ("revenue:sales", 10_000, None),
        ("tax_payable:MX:VAT", 1_600, None),
    ]


def test_a_tax_without_an_amount_under_it_is_a_line() -> None:
    stated = _stated(invoice())
    line = DocumentLine(quantity=0, net=0, discount=0, taxes=(VAT,))
    document = replace(stated, lines=(line,), totals=replace(stated.totals, net=0, gross=1_600))
    owed = Posting(account="accounts_receivable", side="DEBIT", amount=1_600)
    (told,) = _told(replace(invoice(), postings=(owed, POSTED), document=document), rules=CODED)
    assert [(line.role, line.amount, line.tax) for line in told.lines] == [("tax_payable:MX:VAT", 1_600, None)]


def test_a_line_that_takes_back_and_is_split_shares_its_tax() -> None:
    """-32.00 of tax on -150.00 and -50.00: three quarters and one quarter."""
    lines = tuple(DocumentLine(quantity=1, net=net, discount=0, taxes=(replace(VAT, amount=net * 16 // 100),)) for net in (30_000, -20_000))
    postings = (
        invoice().postings[0],
        Posting(account="revenue:books", side="DEBIT", amount=15_000),
        Posting(account="revenue:mugs", side="DEBIT", amount=5_000),
        Posting(account="revenue:sales", side="CREDIT", amount=30_000),
        POSTED,
    )
    (document,) = _told(replace(invoice(), postings=postings, document=replace(_stated(invoice()), lines=lines)), rules=CODED)
    assert [(line.role, line.amount, line.tax and line.tax.amount) for line in document.lines] == [
        ("revenue:sales", 30_000, 4_800),
        ("revenue:books", -15_000, -2_400),
        ("revenue:mugs", -5_000, -800),
    ]


def test_a_tax_of_nothing_waits_for_no_rule() -> None:
    """Nothing is booked: a missing rule, or one of the marketplace, leaves the line without a tax."""
    nothing, free = replace(VAT, amount=0), Posting(account="tips_payable", side="CREDIT", amount=1_600)
    for tax, rules in (
        (nothing, Rules(missing=frozenset({"tax_payable:MX:VAT"}))),
        (replace(nothing, liable_party="MARKETPLACE"), CODED),
    ):
        (document,) = _told(_with_taxes(tax, posted=(free,)), rules=rules)
        assert [line.tax for line in document.lines] == [None, None]


def test_an_entry_that_contradicts_its_document_waits() -> None:
    totals = replace(_stated(invoice()).totals, gross=11_599)
    with pytest.raises(CannotTell, match=r"comes to 11599, its entry moves 11600"):
        _told(replace(invoice(), document=replace(_stated(invoice()), totals=totals)))


def test_receivables_of_one_entry_stand_on_one_account() -> None:
    class PerStore(Rules):
        def target(self, entry: JournalEntry, posting: Posting) -> Target:
            return Target(account=dict(posting.dimensions).get("store", "4000"))

    parts = tuple(Posting(account="accounts_receivable", side="DEBIT", amount=5_800, dimensions=(("store", name),)) for name in "ab")
    with pytest.raises(CannotTell, match=r"\['a', 'b'\]"):
        _told(replace(invoice(), postings=(*parts, *invoice().postings[1:])), rules=PerStore())


def test_receivables_that_cancel_out_are_no_line() -> None:
    postings = (
        Posting(account="accounts_receivable", side="DEBIT", amount=5, dimensions=(("store", "a"),)),
        Posting(account="rounding", side="DEBIT", amount=7),
        Posting(account="accounts_receivable", side="CREDIT", amount=5, dimensions=(("store", "b"),)),
        Posting(account="bad_debt", side="CREDIT", amount=7),
    )
    (document,) = _told(replace(capture(), postings=postings))
    assert [(line.role, line.amount) for line in document.lines] == [("rounding", 7), ("bad_debt", -7)]


def test_an_order_keeps_its_customer_and_what_is_settled_its_receivable() -> None:
    """Whatever rules say later: documents of two customers, or on two accounts, could not settle each other."""

    class Later(Rules):
        def contact(self, entry: JournalEntry) -> str:
            return "Somebody else"

    rules = Later(targets={"accounts_receivable": Target(account="1199")})
    order = plan_entry(hashed(invoice()), OrderPicture(), Rules(), EVERY_KIND, DOCUMENTS).order
    payment, note = _told(_paid(), _credited(), rules=rules, order=order)
    assert (payment.kind, payment.contact, payment.receivable) == (DocumentKind.PAYMENT, "Customers of web", "ACCOUNTS_RECEIVABLE")
    assert (note.kind, note.contact, note.receivable) == (DocumentKind.CREDIT_NOTE, "Customers of web", "1199")
    assert OrderPicture.of([*_told(invoice()), payment]).contact == "Customers of web"


def test_a_payment_waits_for_its_invoice() -> None:
    paid_for, payment = _told(invoice(), _paid())
    assert payment.depends_on == (paid_for.key,)
    assert payment.settles is not None
    assert (payment.settles.reference, payment.account, payment.account_role) == (
        paid_for.reference,
        "PSP_CLEARING:STRIPE",
        "psp_clearing:stripe",
    )


def test_journals_on_receivables_name_the_customer() -> None:
    rules = Rules(targets={"accounts_receivable": Target(account="1100", contact="All customers")})
    without = Rules(targets={"accounts_receivable": Target(account="1100")})
    for wanted, found in (("All customers", rules), ("Customers of web", without)):
        first, second = _told(invoice(), _paid(), rules=found, capabilities=JOURNALS_ONLY)
        assert [line.contact for line in (*first.lines, *second.lines) if line.role == "accounts_receivable"] == [wanted, wanted]
        assert {line.contact for line in (*first.lines, *second.lines) if line.role != "accounts_receivable"} == {None}


def test_a_journal_has_one_line_on_receivables() -> None:
    parts = tuple(Posting(account="accounts_receivable", side="DEBIT", amount=5_800, dimensions=(("store", name),)) for name in "ab")
    (journal,) = _told(replace(invoice(), postings=(*parts, *invoice().postings[1:])), capabilities=JOURNALS_ONLY)
    assert [(line.role, line.amount) for line in journal.lines] == [
        ("accounts_receivable", 11_600),
        ("revenue:sales", -10_000),
        ("tax_payable:MX:VAT", -1_600),
    ]


def test_what_journals_opened_a_journal_closes_after_a_change_of_mode() -> None:
    order = OrderPicture.of(_told(invoice(), connection=JOURNALS))
    assert order.by_journals == 11_600
    (document,) = _told(_paid(12_000), order=order)[1:]
    assert [line.amount for line in document.lines if line.role == "accounts_receivable"] == [-11_600]


def _applied() -> JournalEntry:
    """An invoice settled by what was held of the customer."""
    return replace(
        capture(),
        entry_kind="apply",
        postings=(
            Posting(account="contract_liability", side="DEBIT", amount=11_600),
            Posting(account="accounts_receivable", side="CREDIT", amount=11_600),
        ),
    )


def test_what_is_more_than_journals_opened_is_a_credit_note() -> None:
    """70.00 and 60.00 against 116.00 of journals: the last 14.00 find nothing open."""
    order = OrderPicture.of(_told(invoice(), connection=JOURNALS))
    sides = (("bad_debt", "DEBIT", 7_000), ("rounding", "DEBIT", 6_000), ("accounts_receivable", "CREDIT", 13_000))
    postings = tuple(Posting(account=account, side=side, amount=amount) for account, side, amount in sides)  # type: ignore[arg-type]
    note, journal = _told(replace(capture(), postings=postings), order=order)
    assert [(line.role, line.amount) for line in note.lines] == [("rounding", 1_400)]
    assert [(line.role, line.amount) for line in journal.lines] == [
        ("accounts_receivable", -11_600),
        ("bad_debt", 7_000),
        ("rounding", 4_600),
    ]


MONEY_ALONE = replace(EVERY_KIND, payment_roles=frozenset({"psp_clearing"}))


@pytest.mark.parametrize(
    "capabilities",
    [MONEY_ALONE, replace(EVERY_KIND, documents=EVERY_KIND.documents - {DocumentKind.PAYMENT})],
    ids=["not from this account", "no payments"],
)
def test_what_no_payment_says_is_a_journal_with_the_customer(capabilities: Capabilities) -> None:
    _, journal = _told(invoice(), _applied(), capabilities=capabilities)
    assert [(line.role, line.amount, line.contact) for line in journal.lines] == [
        ("accounts_receivable", -11_600, "Customers of web"),
        ("contract_liability", 11_600, None),
    ]


def test_where_no_payment_and_no_journal_says_it_a_credit_note_does() -> None:
    capabilities = replace(MONEY_ALONE, journal_receivable=False)
    paid_for, note = _told(invoice(), _applied(), capabilities=capabilities)
    assert (note.kind, [(line.role, line.amount) for line in note.lines]) == (
        DocumentKind.CREDIT_NOTE,
        [("contract_liability", 11_600)],
    )
    (allocation,) = settle_order(OrderPicture.of([paid_for, note]), capabilities, DOCUMENTS).documents
    assert (allocation.total, allocation.depends_on) == (11_600, (paid_for.key, note.key))


def test_a_payment_from_an_account_that_is_allowed() -> None:
    assert _told(invoice(), _paid(), capabilities=MONEY_ALONE)[1].kind is DocumentKind.PAYMENT


def test_without_journals_on_receivables_a_document_closes_it() -> None:
    order = OrderPicture.of(_told(invoice(), connection=JOURNALS))
    (document,) = _told(_paid(), order=order, capabilities=replace(EVERY_KIND, journal_receivable=False))
    assert (document.kind, document.total, document.lines[0].account) == (DocumentKind.CREDIT_NOTE, 11_600, "PSP_CLEARING:STRIPE")


def test_a_customer_without_a_rule_is_said() -> None:
    class Nobody(Rules):
        def contact(self, entry: JournalEntry) -> str:
            raise Unmapped("contact", f"no rule says the customer of entry {entry.entry_id}")

    with pytest.raises(Unmapped, match="the customer"):
        _told(invoice(), rules=Nobody())
    assert _told(capture(), rules=Nobody())[0].kind is DocumentKind.JOURNAL


def test_more_than_is_open_cannot_be_settled() -> None:
    paid_for, payment = _told(invoice(), _paid())
    with pytest.raises(ValueError, match="11600 are to be settled"):
        OrderPicture.of([paid_for, payment, replace(payment, key="again", sequence=payment.sequence + 1)])
