"""The connector of Tryton against a real Tryton: what it refuses, what a crash leaves, what is read back, exact documents of any shape."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from asiento.accounting.money import major_units_text
from sinks.connectors.tryton import reading
from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.drafts import Draft
from sinks.connectors.tryton.ledger import CAPABILITIES, TrytonLedger
from sinks.connectors.tryton.rendering import MOVE
from sinks.external.capabilities import AccountUse
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.effects import effects
from sinks.external.port import RemoteDocument
from sinks.external.results import AuthRefused, NotSent, Posted, PostResult, Refusal, Refused, Unknown
from sinks.mapping.chart import chart_findings
from sinks.mapping.examples import example_mapping
from tests.fixed_access import FixedAccess
from tests.tryton_chart import ACCOUNT_OF_ROLE, CONTACT, HEADING
from tests.tryton_server import TrytonBooks
from tests.unit.sinks_tryton.documents import DAY, invoice, journal, line, settling, taxed


@pytest.fixture
def books(tryton_books: TrytonBooks) -> Iterator[TrytonBooks]:
    tryton_books.empty()
    yield tryton_books
    tryton_books.change("UPDATE account_period SET state = 'open' WHERE name <> '2025-01'")
    tryton_books.change("UPDATE account_account SET closed = false WHERE code = %s", ACCOUNT_OF_ROLE["rounding"])


@pytest.fixture
async def ledger(books: TrytonBooks) -> AsyncIterator[TrytonLedger]:
    made = ledger_for(books)
    yield made
    await made.close()


def ledger_for(books: TrytonBooks, key: str | None = None, **options: str) -> TrytonLedger:
    return TrytonLedger(TrytonClient(books.base_url, FixedAccess(key or books.keys.accountant)), options)


async def post(ledger: TrytonLedger, *documents: LedgerDocument, **ids: str) -> Sequence[PostResult]:
    return await ledger.post(documents, ids)


async def posted(ledger: TrytonLedger, document: LedgerDocument, ids: dict[str, str] | None = None) -> Posted:
    (answer,) = await ledger.post([document], ids or {})
    assert isinstance(answer, Posted), answer
    return answer


async def drafted(ledger: TrytonLedger, document: LedgerDocument) -> int:
    """Leave a document as a crash between making and posting leaves it."""
    draft = await ledger._naming.draft(document, {})
    return await ledger._client.create_one(draft.model, draft.record)


async def read_back(ledger: TrytonLedger, day: str = DAY) -> list[RemoteDocument]:
    return [document async for document in ledger.documents(day, day)]


def states(books: TrytonBooks) -> Counter[object]:
    return Counter(state for (state,) in books.rows("SELECT state FROM account_move"))


# What Tryton refuses.


async def test_a_move_out_of_balance_is_refused_and_leaves_nothing(books: TrytonBooks, ledger: TrytonLedger) -> None:
    document = journal("skewed")
    draft = await ledger._naming.draft(document, {})
    draft.record["lines"][0][1][1]["credit"]["decimal"] = "10.49"
    (answer,) = await ledger._drafts.make_and_post([Draft(document=document, model=MOVE, record=draft.record)])
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.code) == (Refusal.INVALID, "unbalanced")
    assert states(books) == Counter()


async def test_a_period_that_was_closed_since_it_was_read(books: TrytonBooks, ledger: TrytonLedger) -> None:
    await posted(ledger, journal("before"))
    books.change("UPDATE account_period SET state = 'closed' WHERE name = '2026-03'")
    answers = await post(ledger, journal("late one"), journal("late two"), journal("other month", date="2026-04-01"))
    assert [type(answer) for answer in answers] == [Refused, Refused, Posted]
    assert {answer.refusal for answer in answers if isinstance(answer, Refused)} == {Refusal.PERIOD_CLOSED}
    closed = await ledger.closed_periods()
    assert [(one.start, one.end) for one in closed if one.name == "2026-03"] == [("2026-03-01", "2026-03-31")]
    assert closed[0].start is None
    assert (closed[0].end, closed[-1].start) == ("2024-12-31", "2028-01-01")


async def test_a_day_without_a_fiscal_year(books: TrytonBooks, ledger: TrytonLedger) -> None:
    (answer,) = await post(ledger, journal("far", date="2031-01-01"))
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.PERIOD_CLOSED, "2031-01-01")


async def test_an_account_that_was_closed_since_it_was_read(books: TrytonBooks, ledger: TrytonLedger) -> None:
    bad = journal("closing", line("rounding", 5), line("revenue", -5))
    await posted(ledger, replace(bad, key=journal("first").key))
    books.change("UPDATE account_account SET closed = true WHERE code = %s", ACCOUNT_OF_ROLE["rounding"])
    one, other, three = await post(ledger, journal("one"), bad, journal("three"))
    assert isinstance(one, Posted)
    assert isinstance(three, Posted)
    assert isinstance(other, Refused)
    assert (other.refusal, other.about) == (Refusal.MAPPING, ACCOUNT_OF_ROLE["rounding"])


@pytest.mark.parametrize("code", [HEADING, "1.0.0", "no-such"])
async def test_headings_and_unknown_accounts_are_mapping_faults(books: TrytonBooks, ledger: TrytonLedger, code: str) -> None:
    (answer,) = await post(ledger, journal("heading", line(code, 100), line("revenue", -100)))
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.MAPPING, code)
    listed = {account.code: account for account in await ledger.accounts()}
    assert code not in listed or not listed[code].active
    assert code not in listed or ledger.account_problem(listed[code], AccountUse.JOURNAL_LINE) is not None


async def test_a_line_that_needs_a_customer(books: TrytonBooks, ledger: TrytonLedger) -> None:
    document = journal("who", line("accounts_receivable", 100), line("revenue", -100))
    (answer,) = await post(ledger, document)
    assert isinstance(answer, Refused)
    assert answer.refusal is Refusal.MAPPING
    named = ledger_for(books, party=CONTACT)
    await posted(named, document)
    await named.close()
    (unknown,) = await post(ledger, journal("whom", line("accounts_receivable", 1, contact="nobody"), line("revenue", -1)))
    assert isinstance(unknown, Refused)
    assert unknown.about == "nobody"


@pytest.mark.parametrize(("currency", "exponent"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
async def test_another_currency_than_that_of_the_books(books: TrytonBooks, ledger: TrytonLedger, currency: str, exponent: int) -> None:
    (answer,) = await post(ledger, journal("abroad", currency=currency, currency_exponent=exponent))
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.MAPPING, f"currency {currency}")
    assert "EUR" in answer.message


async def test_keys_and_places_that_are_wrong(books: TrytonBooks) -> None:
    for key, problem in (("x" * 128, AuthRefused), (books.keys.stranger, AuthRefused)):
        ledger = ledger_for(books, key)
        with pytest.raises(problem):
            await post(ledger, journal("not mine"))
        await ledger.close()
    nowhere = TrytonLedger(TrytonClient(f"{books.base_url}_gone", FixedAccess(books.keys.accountant)), {})
    with pytest.raises(NotSent, match="name of the database"):
        await nowhere.accounts()
    await nowhere.close()
    unnamed = ledger_for(books, company="Other Corp")
    with pytest.raises(NotSent, match="Acme Commerce"):
        await unnamed.accounts()
    await unnamed.close()


async def test_an_unknown_journal_is_named(books: TrytonBooks) -> None:
    ledger = ledger_for(books, journal="SHOP", company="Acme Commerce")
    (answer,) = await post(ledger, journal("where"))
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.MAPPING, "SHOP")
    await ledger.close()


# What a crash, or somebody else, leaves.


@pytest.mark.parametrize("document", [journal("cut"), invoice("cut")], ids=["journal", "invoice"])
async def test_a_draft_is_finished(books: TrytonBooks, ledger: TrytonLedger, document: LedgerDocument) -> None:
    await drafted(ledger, document)
    await drafted(ledger, document)
    found = await ledger.find(document)
    assert isinstance(found, Posted)
    assert found.number is not None
    assert states(books) == {"posted": 1}
    (again,) = await post(ledger, document)
    assert again == replace(found, earlier=True)


async def test_a_draft_beside_what_stands_already_is_taken_away(books: TrytonBooks, ledger: TrytonLedger) -> None:
    """As a request leaves it that was thought lost and came late, before or after the one that was posted."""
    document = journal("late")
    for _ in range(2):
        await drafted(ledger, document)
    await ledger._drafts.post(document, MOVE, await drafted(ledger, document))
    await drafted(ledger, document)
    assert isinstance(await ledger.find(document), Posted)
    assert states(books) == {"posted": 1}


async def test_post_goes_on_with_a_draft(books: TrytonBooks, ledger: TrytonLedger) -> None:
    documents = [journal(f"half {number}") for number in range(4)]
    for document in documents[:2]:
        await drafted(ledger, document)
    await posted(ledger, documents[3])
    answers = await post(ledger, *documents)
    assert all(isinstance(answer, Posted) for answer in answers)
    assert states(books) == {"posted": 4}


async def test_a_draft_of_another_content_is_taken_away(books: TrytonBooks, ledger: TrytonLedger) -> None:
    document = journal("changed")
    await drafted(ledger, replace(document, lines=(line("psp_clearing", 1050), line("other_revenue", -1050))))
    assert await ledger.find(document) is None
    assert states(books) == Counter()


async def test_two_posted_moves_with_a_key_are_a_conflict(books: TrytonBooks, ledger: TrytonLedger) -> None:
    document = journal("doubled")
    for _ in range(2):
        await ledger._drafts.post(document, MOVE, await drafted(ledger, document))
    found = await ledger.find(document)
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.CONFLICT


async def test_somebody_else_holds_the_numbers(books: TrytonBooks, ledger: TrytonLedger) -> None:
    """Nothing is lost and nothing doubled where another user posts at the same moment."""
    await posted(ledger, journal("before"))
    with psycopg.connect(books.database_url) as other:
        other.execute("SELECT id FROM ir_sequence_strict FOR UPDATE")
        answers = await post(ledger, journal("one"), journal("two"))
        assert [type(answer) for answer in answers] == [Unknown, Unknown]
    assert [type(await ledger.find(journal(name))) for name in ("one", "two")] == [Posted, Posted]
    assert states(books) == {"posted": 3}


# Reading back.


async def test_what_people_book_has_no_key(books: TrytonBooks, ledger: TrytonLedger) -> None:
    await posted(ledger, journal("ours", reference="ship/1", memo="Envío «ñ» 発送"))
    draft = await ledger._naming.draft(journal("theirs"), {})
    draft.record["description"] = "Rent March"
    await ledger._drafts.make_and_post([draft])
    found = {document.key: document for document in await read_back(ledger)}
    assert found.keys() == {journal("ours").key, None}
    assert found[None].reference == "Rent March"
    ours = found[journal("ours").key]
    assert (ours.kind, ours.reference, ours.total, ours.currency) == ("journal", "ship/1 · Envío «ñ» 発送", 1050, "EUR")
    assert await read_back(ledger, "2026-03-03") == []


@pytest.mark.soak
async def test_whole_calls_and_pages_of_documents(books: TrytonBooks, ledger: TrytonLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_MOVES_MAX", 30)
    size = CAPABILITIES.batch_documents_max
    batch = [journal(f"page {number}") for number in range(5 * size)]
    for first in range(0, len(batch), size):
        assert all(isinstance(answer, Posted) for answer in await ledger.post(batch[first : first + size], {}))
    found = [document.key for document in await read_back(ledger)]
    assert sorted(str(key) for key in found) == sorted(document.key for document in batch)


async def test_balances_run_on_over_the_years(books: TrytonBooks, ledger: TrytonLedger) -> None:
    for day, amount in (("2025-12-31", 100), ("2026-01-01", 20), ("2027-05-05", 3)):
        await posted(ledger, journal(day, line("psp_clearing", amount), line("revenue", -amount), date=day))
    for day, held in (("2025-12-30", 0), ("2025-12-31", -100), ("2026-12-31", -120), ("2027-12-31", -123)):
        assert (await ledger.balances(day)).get((ACCOUNT_OF_ROLE["revenue"], "EUR"), 0) == held


async def test_the_example_mapping_fits_the_universal_chart(books: TrytonBooks, ledger: TrytonLedger) -> None:
    rules = example_mapping("tryton").rules
    assert list(chart_findings(rules, await ledger.accounts(), ledger, documents=True)) == []


# Documents.


@pytest.mark.soak
async def test_documents_of_any_shape_are_exact_and_settle(books: TrytonBooks, ledger: TrytonLedger) -> None:
    chance = random.Random(5)
    ids: dict[str, str] = {}
    expected: Counter[str] = Counter()
    for number in range(6):
        kind, by = ((DocumentKind.INVOICE, DocumentKind.PAYMENT), (DocumentKind.CREDIT_NOTE, DocumentKind.REFUND))[number % 2]
        document = invoice(f"shape {number}", *_lines(chance), kind=kind)
        ids[document.key] = (await posted(ledger, document)).remote_id
        part = chance.randrange(1, document.total)
        settlings = [settling(f"part {number}", by, document, part), settling(f"rest {number}", by, document, document.total - part)]
        over = settling(f"over {number}", by, document, 1)
        *_, refused = await ledger.post([*settlings, over], ids)
        assert isinstance(refused, Refused)
        assert refused.refusal is Refusal.DEPENDENCY
        for one in (document, *settlings):
            expected.update(effects(one))
    assert books.balances() == {code: major_units_text(amount, 2) for code, amount in expected.items() if amount}
    open_amounts = books.rows("SELECT id FROM account_invoice WHERE state NOT IN ('posted', 'paid')")
    assert open_amounts == []
    told = {document.key: document for document in await read_back(ledger)}
    assert {document.kind for document in told.values()} == {"invoice", "credit_note", "payment", "refund"}
    assert sum(sum(line.amount for line in document.lines) for document in told.values()) == 0


async def test_an_invoice_says_its_due_date_and_its_taxes(books: TrytonBooks, ledger: TrytonLedger) -> None:
    books.change(
        "INSERT INTO account_tax (name, description, type, rate, company, active, update_unit_price, invoice_account, credit_note_account,"
        " sequence, start_date)"
        " SELECT 'VAT 21%%', 'VAT 21%%', 'percentage', 0.21, 1, true, false, id, id, 1, NULL FROM account_account WHERE code = %s",
        ACCOUNT_OF_ROLE["tax_payable"],
    )
    document = invoice("due", taxed("revenue", 1000, 211), due_date="2026-03-31")
    await posted(ledger, document)
    maturity = "SELECT maturity_date::text FROM account_move_line WHERE maturity_date IS NOT NULL"
    assert books.rows(maturity) == [("2026-03-31",)]
    taxes = "SELECT type, amount::text FROM account_tax_line ORDER BY type"
    assert books.rows(taxes) == [("base", "10.00"), ("tax", "2.11")]
    assert books.balances() == {code: major_units_text(amount, 2) for code, amount in effects(document).items()}


async def test_what_is_settled_must_stand_there(books: TrytonBooks, ledger: TrytonLedger) -> None:
    (answer,) = await post(ledger, settling("early", DocumentKind.PAYMENT, invoice("missing"), 100))
    assert isinstance(answer, Refused)
    assert answer.refusal is Refusal.DEPENDENCY


def _lines(chance: random.Random) -> list[Any]:
    """Lines of an invoice that comes to more than 1: revenue, discounts, taxes, liabilities, quantities that divide or not."""
    lines = [line("revenue", chance.randrange(1_000, 90_000), quantity=chance.choice((None, 1, 2, 3, 7)) and 3_000_000)]
    lines += [line("tax_payable", chance.randrange(1, 5_000)) for _ in range(chance.randrange(3))]
    lines += [line("sales_discounts", -chance.randrange(1, 300)) for _ in range(chance.randrange(2))]
    lines += [line("gift_card_liability", chance.randrange(1, 9_999)) for _ in range(chance.randrange(2))]
    lines += [line("tips_payable", chance.randrange(1, 500)) for _ in range(chance.randrange(2))]
    return lines
