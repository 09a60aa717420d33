"""From a document to its record: looks up all that it names in Tryton, and says what is not there."""

from collections.abc import Iterator, Mapping
from typing import Final

from sinks.connectors.tryton.chart import Account, Chart, NotInBooks, NotSettled
from sinks.connectors.tryton.drafts import Draft, record_of
from sinks.connectors.tryton.rendering import INVOICE, INVOICE_KINDS, AccountName, Names, PartyName, model_of, record_for
from sinks.external.documents import DocumentKind, LedgerDocument, Settlement
from sinks.external.port import RemoteIds

JOURNAL_DEFAULT: Final = "MISC"
INVOICE_JOURNAL_DEFAULT: Final = "REV"


class Naming:
    """Names of one connection, by its options."""

    def __init__(self, chart: Chart, options: Mapping[str, str]) -> None:
        self._chart = chart
        self._options = options

    async def draft(self, document: LedgerDocument, remote_ids: RemoteIds) -> Draft:
        """The record that a document becomes. Raises `NotInBooks`."""
        names = await self.names(document, remote_ids)
        return Draft(document=document, model=model_of(document.kind), record=record_for(document, names))

    async def names(self, document: LedgerDocument, remote_ids: RemoteIds | None) -> Names:
        """All that a document names; without remote_ids all but what it settles. Raises `NotInBooks`."""
        await self._chart.require_currency(document.currency)
        company = await self._chart.company()
        accounts = {code: await self._chart.account(code) for code in _codes(document)}
        return Names(
            company=company.record,
            currency=company.currency_record,
            journal=await self._chart.journal(self.journal_code(document)),
            period=await self._chart.open_period(document.date),
            accounts={code: _named(account) for code, account in accounts.items()},
            parties={contact: await self._party(contact, document) for contact in self._contacts(document, accounts)},
            taxes={code: await self._chart.tax(code) for code in _tax_codes(document)},
            party=self._options.get("party"),
            pays=None if remote_ids is None else _settled(document.settles, remote_ids),
            source=None if remote_ids is None else _settled(document.source, remote_ids),
        )

    def shown(self, document: LedgerDocument, remote_ids: RemoteIds) -> Names:
        """The same without looking anything up: names as they are, every account one of revenue."""
        contacts = {line.contact for line in document.lines} | {document.contact}
        need = {line.account for line in document.lines if line.contact is not None} | {document.receivable}
        party = self._options.get("party")
        return Names(
            company=self._options.get("company", "company"),
            currency=document.currency,
            journal=self.journal_code(document),
            period=f"period of {document.date}",
            accounts={code: AccountName(record=code, needs_party=code in need, is_revenue=True) for code in _codes(document)},
            parties={name or "": PartyName(record=name or "customer", address=f"address of {name}") for name in {*contacts, party}},
            taxes={code: code for code in _tax_codes(document)},
            party=party,
            pays=_shown(document.settles, remote_ids),
            source=_shown(document.source, remote_ids),
        )

    def journal_code(self, document: LedgerDocument) -> str:
        """The journal that a document goes to."""
        if document.kind in INVOICE_KINDS:
            return self._options.get("invoice_journal", INVOICE_JOURNAL_DEFAULT)
        return self._options.get("journal", JOURNAL_DEFAULT)

    def _contacts(self, document: LedgerDocument, accounts: Mapping[str, Account]) -> Iterator[str]:
        """The contacts of all lines that need one. Raises `NotInBooks` where one is missing."""
        if document.kind in INVOICE_KINDS:
            yield self._contact(document.contact, document.receivable or "")
        elif document.kind is DocumentKind.JOURNAL:
            for line in document.lines:
                if accounts[line.account].needs_party:
                    yield self._contact(line.contact, line.account)
        elif any(account.needs_party for account in accounts.values()):
            yield self._contact(document.contact, document.receivable or "")

    def _contact(self, contact: str | None, code: str) -> str:
        name = contact or self._options.get("party")
        if name is None:
            raise NotInBooks(
                f"contact of {code}",
                f"account {code} of Tryton wants a customer on each line (Party Required): give its rule a contact, or the connection"
                " the option party",
            )
        return name

    async def _party(self, contact: str, document: LedgerDocument) -> PartyName:
        party = await self._chart.party(contact)
        if party.address is None and document.kind in INVOICE_KINDS:
            raise NotInBooks(contact, f"the party {contact!r} of Tryton has no address, and invoices name one")
        return PartyName(record=party.record, address=party.address or 0)


def _named(account: Account) -> AccountName:
    return AccountName(record=account.record, needs_party=account.needs_party, is_revenue=account.is_revenue)


def _codes(document: LedgerDocument) -> list[str]:
    """Codes of all accounts that a document books to."""
    lines = [line.account for line in document.lines]
    taxes = [line.tax.account for line in document.lines if line.tax is not None]
    others = () if document.kind is DocumentKind.JOURNAL else (document.receivable, document.account)
    return list(dict.fromkeys([*lines, *taxes, *(code for code in others if code is not None)]))


def _tax_codes(document: LedgerDocument) -> list[str]:
    return list(dict.fromkeys(line.tax.code for line in document.lines if line.tax is not None))


def _settled(settled: Settlement | None, remote_ids: RemoteIds) -> int | None:
    if settled is None:
        return None
    number = record_of(remote_ids.get(settled.key), INVOICE)
    if number is None:
        raise NotSettled(settled.key, f"what it settles ({settled.reference}) does not stand in Tryton as an invoice")
    return number


def _shown(settled: Settlement | None, remote_ids: RemoteIds) -> str | None:
    return None if settled is None else remote_ids.get(settled.key, settled.key)
