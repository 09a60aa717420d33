"""The Xero connector against its stand-in: the contract of all ledgers, and what is Xero's own."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.fernet import Fernet

from sinks.connectors.xero.ledger import KIND, make
from sinks.external.capabilities import AccountUse
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, LineTax, Settlement
from sinks.external.http_calls import HttpCalls
from sinks.external.port import Connector
from sinks.external.results import AuthRefused, Posted, QuotaSpent, Refusal, Refused, Uncertain, Unknown
from sinks.posting.clock import SECOND
from sinks.posting.oauth_tokens import HttpTokenRequest, OAuthTokens
from sinks.posting.store import PostingStore
from tests.posting_faults import KillableStore, KillPlan, VirtualClock
from tests.standins.contract_of import StandinContract
from tests.standins.xero import TENANT

pytestmark = pytest.mark.slow
ACCOUNTS = {"cash": "090", "clearing": "620", "revenue": "200", "receivable": "610", "returns": "205"}
OPEN_DAY = "2025-06-15"


class _NextTokens:
    """Access with `good-token` until it is refused, then `next-token`."""

    def __init__(self) -> None:
        self._token = "good-token"

    async def token(self) -> str:
        return self._token

    async def refused(self, token: str) -> None:
        assert token == self._token
        self._token = "next-token"


class TestXero(StandinContract):
    kind = "xero"
    module = "tests.standins.xero"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = "2024-12-31"
    set_up: ClassVar[Mapping[str, Any]] = {"period_lock": "2024-12-31"}

    def _connector(self, **options: str) -> Connector:
        connection = Connection(name="xero", kind="xero", base_url=self.standin.base_url, options={"tenant_id": TENANT} | options)
        return make(connection, _NextTokens())

    async def _post(self, *documents: LedgerDocument, ids: Mapping[str, str] | None = None, **options: str) -> list[Any]:
        connector = self._connector(**options)
        try:
            return list(await connector.post(documents, ids or {}))
        finally:
            await connector.close()

    def _allocation(self, invoice: LedgerDocument, note: LedgerDocument, amount: int) -> LedgerDocument:
        document = self.settling("allocated", DocumentKind.ALLOCATION, invoice, amount)
        source = Settlement(key=note.key, reference=note.reference, amount=amount)
        return replace(document, account=None, account_role=None, source=source, depends_on=(invoice.key, note.key))

    # Failures as Xero has them.

    async def test_a_token_that_ran_out_is_renewed_once(self) -> None:
        self.standin.set(refused_tokens=["good-token"])
        (answer,) = await self._post(self.journal("renewed"))
        assert isinstance(answer, Posted)

    async def test_a_token_that_cannot_be_renewed_stops_the_connection(self) -> None:
        self.standin.set(refused_tokens=["good-token", "next-token"])
        with pytest.raises(AuthRefused):
            await self._post(self.journal("refused"))
        assert self.standin.held() == {}

    async def test_tokens_are_renewed_as_xero_wants_it(self, tmp_path: Path) -> None:
        words = {
            "client_id": "client",
            "client_secret": "secret",
            "refresh_token": "refresh-0",
            "token_key": Fernet.generate_key().decode(),
        }
        for name, word in words.items():
            (tmp_path / name).write_text(word)
            (tmp_path / name).chmod(0o600)
        options = {"tenant_id": TENANT, "token_url": f"{self.standin.base_url}/connect/token"}
        secrets = {name: tmp_path / name for name in words}
        connection = Connection(name="xero", kind="xero", base_url=self.standin.base_url, options=options, secrets=secrets)
        clock = VirtualClock()
        with closing(PostingStore.serve(f"sqlite:///{tmp_path / 'postings.db'}", "xero")) as store:
            calls = KillableStore(store, KillPlan())
            vendor = HttpCalls(options["token_url"])
            request = HttpTokenRequest(options["token_url"], client_in_body=KIND.oauth is None or KIND.oauth.client_in_body, calls=vendor)
            connector = make(connection, OAuthTokens(connection, request, calls, clock))
            assert isinstance((await connector.post([self.journal("first")], {}))[0], Posted)
            self.standin.set(refused_tokens=["access-1"])
            assert isinstance((await connector.post([self.journal("refused")], {}))[0], Posted)
            clock.time += 1800 * SECOND
            self.standin.set(refused_tokens=["access-2"])
            assert isinstance((await connector.post([self.journal("old")], {}))[0], Posted)
            await connector.close()
            await vendor.close()
        assert set(self.standin.held().values()) == {1}
        assert len(self.standin.held()) == 3

    async def test_another_organization_stops_the_connection(self) -> None:
        with pytest.raises(AuthRefused, match="tenant_id"):
            await self._post(self.journal("elsewhere"), tenant_id="99999999-0000-0000-0000-000000000001", base_currency="EUR")

    async def test_the_quota_of_the_day_is_told_apart(self) -> None:
        self.standin.set(day_spent_seconds=3600)
        with pytest.raises(QuotaSpent) as raised:
            await self._post(self.journal("late"), base_currency="EUR")
        assert raised.value.retry_after_seconds == 3600

    async def test_an_error_that_asks_to_come_again_is_no_refusal(self) -> None:
        self.standin.set(faults={"once": ["fault_in_200"]})
        (answer,) = await self._post(self.journal("busy"))
        assert isinstance(answer, Unknown)

    @pytest.mark.parametrize("fault", ["gateway", "busy", "drop_before", "drop_after"])
    async def test_what_a_gateway_says_of_a_call_that_books_is_uncertain(self, fault: str) -> None:
        self.standin.set(faults={"once": [fault]})
        connector, document = await self.connector(), self.journal("gateway")
        with pytest.raises(Uncertain):
            await connector.post([document], {})
        assert isinstance(await connector.find(document), Posted) is (fault in ("gateway", "drop_after"))
        await connector.close()

    async def test_the_same_call_again_is_answered_from_memory(self) -> None:
        document = self.settling("again", DocumentKind.PAYMENT, self.invoice("owed"), 700)
        (invoice,) = await self._post(self.invoice("owed"))
        ids = {self.invoice("owed").key: invoice.remote_id}
        first, second = [(await self._post(document, ids=ids))[0] for _ in range(2)]
        assert first == second
        assert self.standin.held()[document.key] == 1

    # Refusals.

    async def test_a_number_of_an_earlier_try_is_ours(self) -> None:
        self.standin.set(remembers=False)
        document = self.invoice("number")
        (first,), (second,) = await self._post(document), await self._post(document)
        assert second == Posted(remote_id=first.remote_id, number=document.reference, earlier=True)

    async def test_a_number_that_somebody_else_took_is_a_conflict(self) -> None:
        document = self.invoice("number")
        await self._post(document)
        (answer,) = await self._post(replace(document, key=self.invoice("another").key))
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.about) == (Refusal.CONFLICT, document.reference)

    async def test_an_account_that_was_put_away_is_named(self) -> None:
        document = self.journal("archived")
        (answer,) = await self._post(replace(document, lines=(replace(document.lines[0], account="480"), document.lines[1])))
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.about) == (Refusal.MAPPING, "480")

    async def test_a_journal_in_another_currency_is_refused_with_the_reason(self) -> None:
        (answer,) = await self._post(self.journal("dollars", currency="USD"))
        assert isinstance(answer, Refused)
        assert "EUR only" in answer.message
        assert self.standin.held() == {}

    async def test_what_would_be_rounded_is_refused_before_it_is_sent(self) -> None:
        invoice = replace(self.invoice("dinars", 1051), currency="KWD", currency_exponent=3)
        (answer,) = await self._post(invoice)
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.code) == (Refusal.INVALID, "rounded")
        assert self.standin.state()["calls"] == {}

    async def test_what_it_settles_is_not_there(self) -> None:
        payment = self.settling("early", DocumentKind.PAYMENT, self.invoice("never"), 100)
        (answer,) = await self._post(payment)
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.about) == (Refusal.DEPENDENCY, "invoice-never")
        (answer,) = await self._post(payment, ids={self.invoice("never").key: self.journal("x").key})
        assert isinstance(answer, Refused)
        assert answer.refusal is Refusal.DEPENDENCY

    async def test_an_account_that_takes_no_payments_is_named(self) -> None:
        invoice = self.invoice("owed")
        (posted,) = await self._post(invoice)
        payment = replace(self.settling("paid", DocumentKind.PAYMENT, invoice, 100), account="640")
        (answer,) = await self._post(payment, ids={invoice.key: posted.remote_id})
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.about) == (Refusal.MAPPING, "640")

    # Documents.

    async def test_an_allocation_is_found_by_what_it_joins(self) -> None:
        invoice, note = self.invoice("owed"), self.invoice("credited", 500, DocumentKind.CREDIT_NOTE)
        ids = {one.key: (await self._post(one))[0].remote_id for one in (invoice, note)}
        allocation, connector = self._allocation(invoice, note, 500), await self.connector()
        assert await connector.find(allocation) is None
        (answer,) = await connector.post([allocation], ids)
        found = await connector.find(allocation)
        assert isinstance(found, Posted)
        assert isinstance(answer, Posted)
        assert found.remote_id == answer.remote_id
        assert await connector.find(self._allocation(invoice, note, 400)) is None
        await connector.close()

    async def test_a_document_that_was_voided_is_not_booked_again(self) -> None:
        connector, document = await self.connector(), self.invoice("voided")
        (answer,) = await connector.post([document], {})
        assert isinstance(answer, Posted)
        self.standin.set(void=answer.remote_id)
        assert isinstance(await connector.find(document), Posted)
        (seen,) = [one async for one in connector.documents(OPEN_DAY, OPEN_DAY)]
        assert seen.voided
        await connector.close()

    async def test_documents_read_back_show_every_posting(self) -> None:
        invoice = self.invoice("read")
        taxed = LineTax(code="OUTPUT2", rate="0.2", amount=400, account="820", role="tax_payable:GB:VAT")
        invoice = replace(invoice, lines=(replace(invoice.lines[0], tax=taxed), replace(invoice.lines[0], amount=-300)))
        (posted,) = await self._post(invoice)
        payment = self.settling("paid", DocumentKind.PAYMENT, invoice, 2100)
        await self._post(payment, ids={invoice.key: posted.remote_id})
        note = self.invoice("noted", 500, DocumentKind.CREDIT_NOTE)
        (noted,) = await self._post(note)
        refund = self.settling("refunded", DocumentKind.REFUND, note, 200)
        await self._post(refund, ids={note.key: noted.remote_id})
        connector = await self.connector()
        read = {one.key: one async for one in connector.documents(OPEN_DAY, OPEN_DAY)}
        assert {line.account: line.amount for line in read[invoice.key].lines} == {"200": -1700, "820": -400, "610": 2100}
        assert {line.account: line.amount for line in read[payment.key].lines} == {"090": 2100, "610": -2100}
        assert {line.account: line.amount for line in read[note.key].lines} == {"205": 500, "610": -500}
        assert {line.account: line.amount for line in read[refund.key].lines} == {"090": -200, "610": 200}
        assert (read[refund.key].kind, read[refund.key].total) == ("refund", 200)
        assert (read[invoice.key].reference, read[invoice.key].kind, read[invoice.key].total) == (invoice.reference, "invoice", 2100)
        balances = await connector.balances(OPEN_DAY)
        assert balances == {("200", "EUR"): -1700, ("820", "EUR"): -400, ("205", "EUR"): 500, ("090", "EUR"): 1900, ("610", "EUR"): -300}
        await connector.close()

    async def test_income_of_earlier_years_is_not_lost_in_retained_earnings(self) -> None:
        self.standin.set(period_lock=None)
        await self._post(*(self.journal(f"year-{day[:4]}", date=day) for day in ("2022-03-01", "2023-12-31", "2025-06-15")))
        connector = await self.connector()
        assert await connector.balances("2025-06-30") == {("620", "EUR"): 2 * 1050 + 1050, ("200", "EUR"): -3 * 1050}
        await connector.close()

    async def test_many_of_one_day_are_read_page_by_page(self) -> None:
        documents = [self.journal(f"many-{number}") for number in range(300)]
        for first in range(0, 300, 50):
            await self._post(*documents[first : first + 50])
        connector = await self.connector()
        assert isinstance(await connector.find(documents[0]), Posted)
        assert len([one async for one in connector.documents(OPEN_DAY, OPEN_DAY)]) == 300
        await connector.close()

    async def test_a_batch_that_is_too_long_goes_out_in_pieces(self) -> None:
        line = LedgerLine(account="200", role="revenue", amount=0, description="x" * 4000)
        documents = [replace(self.journal(f"long-{n}"), lines=(*self.journal("x").lines, *[line] * 40)) for n in range(30)]
        connector = await self.connector()
        assert len(connector.render(documents, {})) == 2
        answers = await connector.post(documents, {})
        assert all(isinstance(answer, Posted) for answer in answers)
        await connector.close()

    async def test_a_batch_that_cannot_be_read_is_taken_apart(self) -> None:
        self.standin.set(unreadable="Try of batch-3")
        answers = await self._post(*(self.journal(f"batch-{number}") for number in range(7)))
        assert [isinstance(answer, Posted) for answer in answers] == [True] * 3 + [False] + [True] * 3
        assert isinstance(answers[3], Refused)
        assert answers[3].refusal is Refusal.INVALID
        assert set(self.standin.held().values()) == {1}

    async def test_what_failed_after_a_part_was_booked_is_unknown(self) -> None:
        line = LedgerLine(account="200", role="revenue", amount=0, description="x" * 4000)
        documents = [replace(self.journal(f"long-{n}"), lines=(*self.journal("x").lines, *[line] * 40)) for n in range(30)]
        connector = await self.connector()
        (first, _) = connector.render(documents, {})
        sent = len(first.body["ManualJournals"])
        self.standin.set(faults={"once": ["", "throttled"]})
        answers = await connector.post(documents, {})
        assert [isinstance(answer, Posted) for answer in answers] == [True] * sent + [False] * (30 - sent)
        assert all(isinstance(answer, Unknown) for answer in answers[sent:])
        await connector.close()

    async def test_which_accounts_may_be_named_where(self) -> None:
        connector = await self.connector()
        accounts = {account.code: account for account in await connector.accounts()}
        taken = {
            (code, use): connector.account_problem(accounts[code], use) is None
            for code in ("090", "610", "620", "640", "800")
            for use in (AccountUse.JOURNAL_LINE, AccountUse.PAYMENT, AccountUse.RECEIVABLE)
        }
        assert [place for place, good in taken.items() if good] == [
            ("090", AccountUse.PAYMENT),
            ("610", AccountUse.RECEIVABLE),
            ("620", AccountUse.JOURNAL_LINE),
            ("620", AccountUse.PAYMENT),
            ("640", AccountUse.JOURNAL_LINE),
        ]
        assert not accounts["480"].active
        await connector.close()
