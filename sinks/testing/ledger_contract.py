"""What every connector must do, whichever ledger it is: subclass `LedgerContract` in a test and say how its ledger is had.

A contract test runs under pytest with pytest-asyncio in its auto mode. Nothing here knows a vendor: what a ledger cannot do is
read from its capabilities, and the test of it passes by what the capabilities promise instead.
"""

import abc
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from sinks.external.capabilities import BatchAnswers, Repeat
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, Settlement
from sinks.external.http_calls import encoded
from sinks.external.port import Connector
from sinks.external.results import Posted, Refusal, Refused, Uncertain

NAMESPACE = UUID("6f3f5d0e-6f0b-5c39-9d55-7e3f5c8f2f4a")
NO_REMOTE_IDS: Mapping[str, str] = {}


class LedgerContract(abc.ABC):
    """One ledger, empty at the start of each test.

    accounts: codes of the ledger for `cash` (may be paid from), `clearing` (journals only), `revenue`, `receivable`, `returns`.
    open_day, closed_day: ISO days; closed_day is None where the ledger has no periods. unknown_account: a code that is not there.
    """

    accounts: Mapping[str, str]
    unknown_account: str = "no-such-account"
    contact: str = "Web shop customers"
    item: str | None = None
    currency: str = "EUR"
    exponent: int = 2
    open_day: str
    closed_day: str | None = None
    secrets: Sequence[str] = ()
    """What must never show in a rendered request."""

    @abc.abstractmethod
    async def connector(self) -> Connector:
        """Another connector for the same ledger."""

    @abc.abstractmethod
    async def held(self) -> Mapping[str, int]:
        """Key -> how often a document with it counts in the ledger, seen by other means than the connector's."""

    async def lose_next_answer(self) -> bool:
        """Make the next call that books something lose its answer after it was booked; False where that cannot be done."""
        return False

    def journal(self, name: str, amount: int = 1050, **changes: Any) -> LedgerDocument:
        """A journal of this ledger: Dr clearing / Cr revenue."""
        document = LedgerDocument(
            key=_key(name),
            kind=DocumentKind.JOURNAL,
            entry_ids=(_key(f"entry {name}"),),
            legal_entity="ACME",
            group=f"acme:shop:main:{name}",
            sequence=1,
            reference=f"journal-{name}",
            date=self.open_day,
            currency=self.currency,
            currency_exponent=self.exponent,
            memo=f"Try of {name}",
            lines=(self._line("clearing", amount), self._line("revenue", -amount)),
        )
        return replace(document, **changes)

    def invoice(self, name: str, amount: int = 2000, kind: DocumentKind = DocumentKind.INVOICE) -> LedgerDocument:
        """An invoice, or a credit note, of one line."""
        document = self.journal(name)
        return replace(
            document,
            kind=kind,
            reference=f"{kind}-{name}",
            contact=self.contact,
            receivable=self.accounts["receivable"],
            lines=(self._line("revenue" if kind is DocumentKind.INVOICE else "returns", amount),),
        )

    def settling(self, name: str, kind: DocumentKind, about: LedgerDocument, amount: int) -> LedgerDocument:
        """A payment of an invoice, or a refund of a credit note."""
        return replace(
            self.journal(name),
            kind=kind,
            group=about.group,
            sequence=about.sequence + 1,
            reference=f"{kind}-{name}",
            lines=(),
            contact=self.contact,
            receivable=self.accounts["receivable"],
            account=self.accounts["cash"],
            account_role="psp_clearing:try",
            depends_on=(about.key,),
            settles=Settlement(key=about.key, reference=about.reference, amount=amount),
        )

    def _line(self, role: str, amount: int) -> LedgerLine:
        contact = self.contact if role == "receivable" else None
        return LedgerLine(account=self.accounts[role], role=role, amount=amount, description=f"{role} ñ", contact=contact, item=self.item)

    # What stands in the ledger, once.

    async def test_a_journal_is_posted_once_and_found_again(self) -> None:
        connector, document = await self.connector(), self.journal("once")
        answer = await _posted(connector, document)
        assert await self.held() == {document.key: 1}
        if DocumentKind.JOURNAL in connector.capabilities.findable:
            other = await self.connector()
            found = await other.find(document)
            assert isinstance(found, Posted)
            assert found.remote_id == answer.remote_id
            await other.close()
        await connector.close()

    async def test_what_is_not_there_is_not_found(self) -> None:
        connector = await self.connector()
        if DocumentKind.JOURNAL in connector.capabilities.findable:
            await _posted(connector, self.journal("there"))
            assert await connector.find(self.journal("elsewhere")) is None
        await connector.close()

    async def test_the_same_key_again_is_not_booked_twice(self) -> None:
        connector, document = await self.connector(), self.journal("twice")
        first = await _posted(connector, document)
        if connector.capabilities.repeat is Repeat.ANSWERS_FIRST:
            assert (await _posted(connector, document)).remote_id == first.remote_id
        assert await self.held() == {document.key: 1}
        await connector.close()

    async def test_another_content_under_a_key_is_a_conflict(self) -> None:
        connector, document = await self.connector(), self.journal("conflict")
        await _posted(connector, document)
        if DocumentKind.JOURNAL in connector.capabilities.findable:
            found = await connector.find(self.journal("conflict", amount=9999))
            assert isinstance(found, Refused)
            assert found.refusal is Refusal.CONFLICT
        await connector.close()

    async def test_a_lost_answer_is_uncertain_and_what_was_booked_is_found(self) -> None:
        connector, document = await self.connector(), self.journal("lost")
        if DocumentKind.JOURNAL in connector.capabilities.findable and await self.lose_next_answer():
            try:
                answers = await connector.post([document], NO_REMOTE_IDS)
            except Uncertain:
                answers = []
            assert not [answer for answer in answers if isinstance(answer, Posted | Refused)], "an answer that was lost says nothing"
            assert isinstance(await connector.find(document), Posted)
            assert await self.held() == {document.key: 1}
        await connector.close()

    async def test_a_call_that_is_cut_off_can_be_asked_about(self) -> None:
        connector, document = await self.connector(), self.journal("cut")
        if DocumentKind.JOURNAL in connector.capabilities.findable:
            task = asyncio.ensure_future(connector.post([document], NO_REMOTE_IDS))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            other = await self.connector()
            if await other.find(document) is None:
                await _posted(other, document)
            assert await self.held() == {document.key: 1}
            await other.close()
        await connector.close()

    # Several at once.

    async def test_several_are_answered_in_their_order(self) -> None:
        connector = await self.connector()
        documents = [self.journal(f"batch-{number}", amount=100 + number) for number in range(min(5, _batch(connector)))]
        answers = await connector.post(documents, NO_REMOTE_IDS)
        assert len(answers) == len(documents)
        assert all(isinstance(answer, Posted) for answer in answers), answers
        assert await self.held() == {document.key: 1 for document in documents}
        await connector.close()

    async def test_one_bad_document_is_refused_by_name(self) -> None:
        connector = await self.connector()
        bad = self.journal("bad")
        bad = replace(bad, lines=(replace(bad.lines[0], account=self.unknown_account), *bad.lines[1:]))
        documents = [self.journal("good"), bad][-min(2, _batch(connector)) :]
        answers = await connector.post(documents, NO_REMOTE_IDS)
        assert isinstance(answers[-1], Refused)
        assert answers[-1].refusal in (Refusal.MAPPING, Refusal.INVALID)
        assert answers[-1].message
        held = await self.held()
        assert bad.key not in held
        if len(documents) == 2 and connector.capabilities.batch_answers is BatchAnswers.EACH:
            assert isinstance(answers[0], Posted)
            assert held == {documents[0].key: 1}
        elif len(documents) == 2:
            assert held == {}
        await connector.close()

    # Periods, reading back.

    async def test_a_closed_day_is_told_apart(self) -> None:
        connector = await self.connector()
        if self.closed_day is not None:
            document = self.journal("late", date=self.closed_day)
            (answer,) = await connector.post([document], NO_REMOTE_IDS)
            assert isinstance(answer, Refused)
            assert answer.refusal is Refusal.PERIOD_CLOSED
            assert await self.held() == {}
            if connector.capabilities.reads_periods:
                closed = await connector.closed_periods()
                assert any((period.start or "") <= self.closed_day <= period.end for period in closed)
                assert not any((period.start or "") <= self.open_day <= period.end for period in closed)
        await connector.close()

    async def test_the_chart_of_accounts_has_what_is_used(self) -> None:
        connector = await self.connector()
        codes = {account.code for account in await connector.accounts() if account.active}
        assert set(self.accounts.values()) <= codes
        assert self.unknown_account not in codes
        await connector.close()

    async def test_what_was_posted_is_read_back_to_the_cent(self) -> None:
        connector, document = await self.connector(), self.journal("read", amount=12345)
        before = await connector.balances(self.open_day) if connector.capabilities.reads_balances else {}
        await _posted(connector, document)
        if connector.capabilities.reads_balances:
            after = await connector.balances(self.open_day)
            for line in document.lines:
                place = (line.account, self.currency)
                assert after.get(place, 0) - before.get(place, 0) == line.amount
        if connector.capabilities.reads_documents:
            found = [one async for one in connector.documents(self.open_day, self.open_day) if one.key == document.key]
            assert [(one.date, one.currency, one.total) for one in found] == [(document.date, document.currency, 12345)]
            assert not found[0].edited
            assert not found[0].voided
            if found[0].lines:
                assert {(line.account, line.amount) for line in found[0].lines} == {(line.account, line.amount) for line in document.lines}
        await connector.close()

    # Documents, where the ledger holds them.

    async def test_an_invoice_is_paid(self) -> None:
        await self._settled(DocumentKind.INVOICE, DocumentKind.PAYMENT)

    async def test_a_credit_note_is_refunded(self) -> None:
        await self._settled(DocumentKind.CREDIT_NOTE, DocumentKind.REFUND)

    async def _settled(self, kind: DocumentKind, by: DocumentKind) -> None:
        connector = await self.connector()
        if {kind, by} <= connector.capabilities.documents:
            document = self.invoice(f"settled-{kind}", kind=kind)
            answer = await _posted(connector, document)
            payment = self.settling(f"settling-{kind}", by, document, 2000)
            (paid,) = await connector.post([payment], {document.key: answer.remote_id})
            assert isinstance(paid, Posted), paid
            assert await self.held() == {document.key: 1, payment.key: 1}
            over = self.settling(f"over-{kind}", by, document, 1)
            (refused,) = await connector.post([over], {document.key: answer.remote_id})
            assert isinstance(refused, Refused), "nothing is open any more"
        await connector.close()

    async def test_a_credit_note_is_set_against_an_invoice(self) -> None:
        connector = await self.connector()
        if DocumentKind.ALLOCATION in connector.capabilities.documents:
            invoice, note = self.invoice("owed"), self.invoice("credited", 500, DocumentKind.CREDIT_NOTE)
            ids = {one.key: (await _posted(connector, one)).remote_id for one in (invoice, note)}
            allocation = replace(
                self.settling("allocated", DocumentKind.ALLOCATION, invoice, 500),
                account=None,
                account_role=None,
                depends_on=(invoice.key, note.key),
                source=Settlement(key=note.key, reference=note.reference, amount=500),
            )
            (answer,) = await connector.post([allocation], ids)
            assert isinstance(answer, Posted), answer
            ids[allocation.key] = answer.remote_id
            (paid,) = await connector.post([self.settling("rest", DocumentKind.PAYMENT, invoice, 1500)], ids)
            assert isinstance(paid, Posted), paid
        await connector.close()

    # What is shown before it is sent.

    async def test_rendering_is_pure_and_keeps_secrets(self) -> None:
        connector, documents = await self.connector(), [self.journal("shown"), self.journal("shown too")]
        first, second = (connector.render(documents[: _batch(connector)], NO_REMOTE_IDS) for _ in range(2))
        assert _shown(first) == _shown(second) != b""
        assert not [secret for secret in self.secrets if secret.encode() in _shown(first)]
        assert await self.held() == {}
        await connector.close()


def _key(name: str) -> str:
    return str(uuid5(NAMESPACE, name))


def _batch(connector: Connector) -> int:
    capabilities = connector.capabilities
    return capabilities.batch_documents_max if DocumentKind.JOURNAL in capabilities.batch_kinds else 1


async def _posted(connector: Connector, document: LedgerDocument) -> Posted:
    (answer,) = await connector.post([document], NO_REMOTE_IDS)
    assert isinstance(answer, Posted), answer
    return answer


def _shown(requests: Sequence[Any]) -> bytes:
    return b"\n".join(
        f"{request.method} {request.path} {sorted(request.headers.items())} ".encode() + encoded(request.body) for request in requests
    )
