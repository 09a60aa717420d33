"""Books of a ledger outside, as many as wanted from a seed, and differences planted in them."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, LineTax, Settlement
from sinks.external.effects import effects
from sinks.external.port import RemoteDocument, RemoteLine
from sinks.reconciler.comparison import PostedDocument
from sinks.reconciler.findings import Difference

DAYS = [f"2026-03-{day:02}" for day in range(1, 29)]
OTHER_DAY = "2026-03-30"
ACCOUNTS = ["1000", "1100", "2100", "4000", "4100", "6200"]
UNUSED_ACCOUNT = "9999"


def posted_documents(number: int, seed: int) -> list[PostedDocument]:
    """Documents of all kinds in three currencies, each posted under an id."""
    chance = random.Random(seed)
    return [PostedDocument(document=_document(index, chance), remote_id=f"R{index}", number=f"N{index}") for index in range(number)]


def _document(index: int, chance: random.Random) -> LedgerDocument:
    kind = chance.choice(list(DocumentKind))
    amounts = [chance.randrange(1, 10 ** chance.randrange(1, 7)) for _ in range(chance.randrange(1, 4))]
    lines = [
        LedgerLine(account=account, role="revenue:sales", amount=amount, description="line")
        for account, amount in zip(chance.sample(ACCOUNTS[1:], len(amounts)), amounts, strict=True)
    ]
    currency, exponent = chance.choice([("EUR", 2), ("JPY", 0), ("KWD", 3)])
    document = LedgerDocument(
        key=str(UUID(int=chance.getrandbits(128))),
        kind=DocumentKind.JOURNAL,
        entry_ids=(f"entry-{index}",),
        legal_entity="ACME",
        group=f"acme:shop:{index}",
        sequence=1,
        reference=f"{kind}-{index}",
        date=chance.choice(DAYS),
        currency=currency,
        currency_exponent=exponent,
        memo="",
        lines=(*lines, LedgerLine(account="1000", role="cash:default", amount=-sum(amounts), description="cash")),
        receivable="1200",
        account="1000",
        contact="Web",
    )
    match kind:
        case DocumentKind.JOURNAL:
            return document
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            tax = LineTax(code="S21", rate="0.21", amount=amounts[0] // 5, account="2200", role="tax_payable:ES:VAT")
            return replace(document, kind=kind, lines=(replace(lines[0], tax=tax), *lines[1:]))
        case _:
            return replace(document, kind=kind, lines=(), settles=Settlement(key="k", reference="r", amount=amounts[0]))


def mirrored(one: PostedDocument, *, lines: bool = True) -> RemoteDocument:
    """A document as the ledger shows it when all is well."""
    document = one.document
    return RemoteDocument(
        remote_id=one.remote_id,
        key=document.key,
        kind=document.kind,
        reference=document.reference,
        date=document.date,
        currency=document.currency,
        total=document.total,
        lines=tuple(RemoteLine(account=account, amount=amount) for account, amount in effects(document).items()) if lines else (),
        number=one.number,
    )


@dataclass(slots=True)
class Planted:
    """The ledger's documents with differences in them; `expected`: what has to be found, by key (by remote id where there is none)."""

    documents: list[RemoteDocument]
    expected: Mapping[str, Difference]


def planted(posted: list[PostedDocument], differences: int, seed: int, *, lines: bool = True) -> Planted:
    """Mirror all of `posted` and spoil so many of them, each in one way."""
    chance = random.Random(seed)
    spoilt = [one for one in posted if one.document.kind is not DocumentKind.ALLOCATION]
    chosen = {one.document.key: chance.choice(list(WAYS if lines else LINELESS_WAYS)) for one in chance.sample(spoilt, differences)}
    documents: list[RemoteDocument] = []
    expected: dict[str, Difference] = {}
    for number, one in enumerate(posted):
        whole = mirrored(one, lines=lines)
        way = chosen.get(one.document.key)
        if way is None:
            documents.append(whole)
            continue
        documents += WAYS[way](whole, number)
        expected[one.document.key] = way
    chance.shuffle(documents)
    return Planted(documents, expected)


def _amount_off(document: RemoteDocument) -> RemoteDocument:
    debit = next(line for line in document.lines if line.amount > 0) if document.lines else None
    credit = next(line for line in document.lines if line.amount < 0) if document.lines else None
    changed = {debit: 1, credit: -1}
    lines = tuple(replace(line, amount=line.amount + changed.get(line, 0)) for line in document.lines)
    return replace(document, total=document.total + 1, lines=lines)


def _other_account(document: RemoteDocument) -> RemoteDocument:
    return replace(document, lines=(replace(document.lines[0], account=UNUSED_ACCOUNT), *document.lines[1:]))


WAYS: Mapping[Difference, Callable[[RemoteDocument, int], list[RemoteDocument]]] = {
    Difference.MISSING: lambda whole, number: [] if number % 2 else [replace(whole, voided=True)],
    Difference.DOUBLED: lambda whole, number: [whole, replace(whole, remote_id=f"D{number}")],
    Difference.AMOUNT: lambda whole, _: [_amount_off(whole)],
    Difference.ACCOUNT: lambda whole, _: [_other_account(whole)],
    Difference.DATE: lambda whole, _: [replace(whole, date=OTHER_DAY)],
    Difference.EDITED: lambda whole, number: [replace(whole, edited=True, key=whole.key if number % 2 else None)],
}
LINELESS_WAYS = [way for way in WAYS if way is not Difference.ACCOUNT]
