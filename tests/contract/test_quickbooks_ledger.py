"""The QuickBooks connector against its stand-in: the contract of all ledgers, and what only QuickBooks does."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from sinks.connectors.quickbooks.ledger import KIND, QuickBooksLedger
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.results import AuthRefused, Posted, Refusal, Refused, Throttled, Unknown
from sinks.testing.ledger_contract import NO_REMOTE_IDS, LedgerContract
from tests.standins.frame import Fault, RunningStandin, running
from tests.standins.quickbooks import REALM


class FreshTokens:
    """Access with tokens that count up: each refusal brings the next."""

    def __init__(self) -> None:
        self.number = 1

    async def token(self) -> str:
        """The token that is good for now."""
        return f"token-{self.number}"

    async def refused(self, token: str) -> None:
        """On to the next."""
        assert token == f"token-{self.number}"
        self.number += 1


def connect(standin: RunningStandin, mode: Mode = Mode.JOURNALS, **options: str) -> QuickBooksLedger:
    """A connector for the stand-in."""
    given = {"realm_id": REALM, "home_currency": "USD", **options}
    connection = Connection(name="qbo", kind="quickbooks", base_url=standin.base_url, mode=mode, options=given)
    found = KIND.make(connection, FreshTokens())
    assert isinstance(found, QuickBooksLedger)
    return found


@pytest.fixture(scope="module")
def process() -> Iterator[RunningStandin]:
    """The stand-in's process."""
    with running("tests.standins.quickbooks") as found:
        yield found


@pytest.fixture
def standin(process: RunningStandin) -> Iterator[RunningStandin]:
    """An empty company; at the end no request has broken the vendor's contract."""
    process.set(reset=True)
    yield process
    assert process.state()["refusals"] == []


class TestQuickBooks(LedgerContract):
    accounts: Mapping[str, str] = {"cash": "35", "clearing": "91", "revenue": "79", "receivable": "84", "returns": "80"}
    contact = "1"
    item = "1"
    currency = "USD"
    open_day = "2026-03-15"
    closed_day = "2025-12-31"
    secrets = ("token-1",)
    standin: RunningStandin

    @pytest.fixture(autouse=True)
    def _company(self, standin: RunningStandin) -> None:
        self.standin = standin
        standin.set(closed="2025-12-31")

    async def connector(self) -> QuickBooksLedger:
        return connect(self.standin)

    async def held(self) -> Mapping[str, int]:
        return self.standin.held()

    async def lose_next_answer(self) -> bool:
        self.standin.set(faults={"once": [Fault.DROP_AFTER]})
        return True

    # What only QuickBooks does.

    async def test_a_duplicate_number_is_found_and_compared(self) -> None:
        connector = await self.connector()
        document = self.journal("numbered")
        self.standin.set(refuse_duplicates=True)
        (first,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(first, Posted)
        (again, beside) = await connector.post([document, self.journal("beside")], NO_REMOTE_IDS)
        assert again == replace(first, earlier=True)
        assert isinstance(beside, Posted)
        (other,) = await connector.post([replace(document, lines=self.journal("other", amount=7).lines)], NO_REMOTE_IDS)
        assert isinstance(other, Refused)
        assert other.refusal is Refusal.CONFLICT
        await connector.close()

    async def test_a_look_up_that_fails_says_nothing_about_the_batch(self) -> None:
        connector, document = await self.connector(), self.journal("numbered")
        self.standin.set(refuse_duplicates=True)
        assert isinstance(await _posted(connector, document), Posted)
        self.standin.set(queries_fail=1)
        (again, beside) = await connector.post([document, self.journal("beside")], NO_REMOTE_IDS)
        assert isinstance(again, Unknown)
        assert isinstance(beside, Posted), "it was booked by the same call"
        assert isinstance(await connector.find(document), Posted)
        await connector.close()

    async def test_a_repeated_request_answers_the_first(self) -> None:
        connector = await self.connector()
        for documents in ([self.journal("alone")], [self.journal("second"), self.journal("third")]):
            first, again = [await connector.post(documents, NO_REMOTE_IDS) for _ in range(2)]
            assert first == again
        assert set((await self.held()).values()) == {1}
        await connector.close()

    async def test_each_document_of_a_batch_is_answered_for_itself(self) -> None:
        connector = await self.connector()
        self.standin.set(faults={"once": [Fault.FAULT_IN_200]})
        documents = [self.journal(f"half-{number}") for number in range(4)]
        answers = await connector.post(documents, NO_REMOTE_IDS)
        assert [type(answer) for answer in answers] == [Posted, Posted, Unknown, Unknown]
        assert await connector.find(documents[3]) is None
        await connector.close()

    async def test_a_fault_in_a_good_status_is_seen(self) -> None:
        connector = await self.connector()
        self.standin.set(faults={"once": [Fault.FAULT_IN_200]})
        with pytest.raises(Throttled) as caught:
            await connector.post([self.journal("faulty")], NO_REMOTE_IDS)
        assert caught.value.retry_after_seconds == 60
        self.standin.set(faults={"once": [Fault.THROTTLED]})
        with pytest.raises(Throttled):
            await connector.post([self.journal("faulty")], NO_REMOTE_IDS)
        assert await self.held() == {}
        await connector.close()

    async def test_a_token_that_ran_out_is_replaced_once(self) -> None:
        connector, document = await self.connector(), self.journal("late token")
        self.standin.set(refuse_tokens=["token-1"])
        assert isinstance((await connector.post([document], NO_REMOTE_IDS))[0], Posted)
        self.standin.set(refuse_tokens=["token-2", "token-3"])
        with pytest.raises(AuthRefused):
            await connector.accounts()
        await connector.close()

    async def test_inactive_accounts_and_customers_that_are_not_there_wait_for_the_mapping(self) -> None:
        connector = await self.connector()
        inactive = self.journal("inactive")
        inactive = replace(inactive, lines=(replace(inactive.lines[0], account="99"), inactive.lines[1]))
        unknown = replace(self.invoice("nobody"), contact="77")
        for document, code, about in ((inactive, "610", None), (unknown, "2500", "77")):
            (answer,) = await connector.post([document], NO_REMOTE_IDS)
            assert isinstance(answer, Refused)
            assert (answer.refusal, answer.code, answer.about) == (Refusal.MAPPING, code, about)
        await connector.close()

    async def test_a_payment_of_what_is_gone_waits_for_it(self) -> None:
        connector, invoice = await self.connector(), self.invoice("gone")
        (answer,) = await connector.post([self.settling("early", DocumentKind.PAYMENT, invoice, 1)], {invoice.key: "4711"})
        assert isinstance(answer, Refused)
        assert answer.refusal is Refusal.DEPENDENCY
        await connector.close()

    async def test_the_customer_stands_on_lines_of_receivables(self) -> None:
        connector = await self.connector()
        document = self.journal("receivable")
        line = LedgerLine(account="84", role="accounts_receivable", amount=1050, description="owed", contact="1")
        with_customer = replace(document, lines=(line, document.lines[1]))
        without = replace(self.journal("nobody's"), lines=(replace(line, contact=None), document.lines[1]))
        answers = await connector.post([with_customer, without], NO_REMOTE_IDS)
        assert isinstance(answers[0], Posted)
        assert isinstance(answers[1], Refused)
        await connector.close()

    async def test_all_kinds_are_read_back_with_their_postings(self) -> None:
        connector = await self.connector()
        invoice, note = self.invoice("read"), self.invoice("read too", 500, DocumentKind.CREDIT_NOTE)
        note = replace(note, lines=tuple(replace(line, item="2") for line in note.lines))
        ids = {document.key: (await _posted(connector, document)).remote_id for document in (invoice, note)}
        payment = self.settling("read payment", DocumentKind.PAYMENT, invoice, 1500)
        (paid,) = await connector.post([payment], ids)
        assert isinstance(paid, Posted)
        found = {one.key: one async for one in connector.documents("2026-03-01", "2026-03-31")}
        assert {key: [(line.account, line.amount) for line in one.lines] for key, one in found.items()} == {
            invoice.key: [("79", -2000), ("84", 2000)],
            note.key: [("80", 500), ("84", -500)],
            payment.key: [("35", 1500), ("84", -1500)],
        }
        assert {one.kind for one in found.values()} == {"invoice", "credit_note", "payment"}
        assert not any(one.edited for one in found.values()), "settling an invoice is no edit of it"
        assert await connector.balances("2026-03-15") == {("79", "USD"): -2000, ("80", "USD"): 500, ("84", "USD"): 0, ("35", "USD"): 1500}
        await connector.close()

    async def test_what_somebody_changed_or_voided_is_told(self) -> None:
        connector, changed, voided = await self.connector(), self.journal("changed"), self.invoice("voided")
        ids = [(await _posted(connector, document)).remote_id for document in (changed, voided)]
        note = f"Voided - {changed.reference} [asiento {voided.key}]"
        self.standin.set(edit={ids[0]: {"TxnDate": "2026-03-20"}, ids[1]: {"PrivateNote": note, "TotalAmt": 0, "Balance": 0, "Line": []}})
        found = {one.key: one async for one in connector.documents("2026-03-01", "2026-03-31")}
        assert found[changed.key].edited
        assert found[changed.key].date == "2026-03-20"
        assert found[voided.key].voided
        assert isinstance(await connector.find(changed), Refused), "it stands there on another day"
        await connector.close()

    async def test_balances_run_through_the_ends_of_fiscal_years(self) -> None:
        connector = await self.connector()
        self.standin.set(closed="2000-01-01")
        for day in ("2024-06-01", "2025-06-01", "2026-03-01"):
            await _posted(connector, self.journal(day, date=day))
        assert await connector.balances("2025-12-31") == {("91", "USD"): 2100, ("79", "USD"): -2100, ("10", "USD"): 0}
        assert await connector.balances("2026-03-15") == {("91", "USD"): 3150, ("79", "USD"): -3150, ("10", "USD"): 0}
        await connector.close()

    async def test_pages_are_read_to_their_end(self) -> None:
        connector = await self.connector()
        self.standin.set(accounts={str(number): [f"Store {number}", "Bank", "CashOnHand"] for number in range(1001, 3100)})
        assert len({account.code for account in await connector.accounts()}) == 2099 + 8
        self.standin.set(page_max=300)
        assert len({account.code for account in await connector.accounts()}) == 2099 + 8, "answers that are too long come in smaller pages"
        await connector.close()

    async def test_a_company_with_other_currencies_than_the_connection_says_is_refused(self) -> None:
        connector = await self.connector()
        self.standin.set(currencies=["CAD", False])
        with pytest.raises(AuthRefused, match="CAD"):
            await connector.post([self.journal("in dollars")], NO_REMOTE_IDS)
        assert await self.held() == {}
        await connector.close()

    async def test_invoices_need_numbers_of_their_own(self) -> None:
        self.standin.set(custom_numbers=False)
        in_journals, in_documents = connect(self.standin), connect(self.standin, Mode.DOCUMENTS)
        assert isinstance(await _posted(in_journals, self.journal("numbered")), Posted)
        with pytest.raises(AuthRefused, match="Custom transaction numbers"):
            await in_documents.post([self.invoice("numbered")], NO_REMOTE_IDS)
        self.standin.set(custom_numbers=True)
        assert isinstance(await _posted(in_documents, self.invoice("numbered")), Posted)
        await in_journals.close()
        await in_documents.close()

    async def test_what_would_be_rounded_is_not_sent(self) -> None:
        self.standin.set(currencies=["USD", True])
        connector = connect(self.standin, multicurrency="yes")
        fine, whole = (self.journal(str(amount), amount, currency="KWD", currency_exponent=3) for amount in (1_234, 1_230))
        refused, posted = await connector.post([fine, whole], NO_REMOTE_IDS)
        assert isinstance(refused, Refused)
        assert "1.234 KWD" in refused.message
        assert isinstance(posted, Posted)
        assert isinstance(await connector.find(whole), Posted)
        await connector.close()

    async def test_several_currencies(self) -> None:
        self.standin.set(currencies=["USD", True])
        connector = connect(self.standin, multicurrency="yes")
        document = self.journal("yen", currency="JPY", currency_exponent=0)
        assert isinstance(await _posted(connector, document), Posted)
        assert isinstance(await connector.find(document), Posted)
        assert not connector.capabilities.reads_balances
        await connector.close()


async def _posted(connector: QuickBooksLedger, document: LedgerDocument) -> Posted:
    (answer,) = await connector.post([document], NO_REMOTE_IDS)
    assert isinstance(answer, Posted), answer
    return answer
