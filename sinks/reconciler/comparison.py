"""What stands in a ledger outside against the documents that were posted there. Pure: both sides in, findings out.

A document is matched by the id that the ledger gave it, else by our key as it can be read back. Every remote document that carries
our key, or has an id that we know, is ours; all others are somebody's.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.effects import effects
from sinks.external.port import RemoteDocument
from sinks.reconciler.findings import Difference, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedDocument:
    """A document of the state POSTED, and the id and number that the ledger gave it."""

    document: LedgerDocument
    remote_id: str
    number: str | None = None


@dataclass(slots=True)
class Remote:
    """What was read from the ledger: documents that count by our key, others', and the voided ones."""

    by_key: dict[str, list[RemoteDocument]]
    foreign: list[RemoteDocument]
    voided: dict[str, RemoteDocument]

    @classmethod
    def of(cls, documents: Iterable[RemoteDocument], posted: Mapping[str, PostedDocument], under_way: Collection[str]) -> "Remote":
        """Sort what was read; `posted` by key, `under_way`: keys of documents of ours that are not said to stand there."""
        known_ids = {one.remote_id: key for key, one in posted.items()}
        read = cls({}, [], {})
        for document in documents:
            key = known_ids.get(document.remote_id, document.key)
            if key is not None and key in posted:
                if document.voided:
                    read.voided[key] = document
                else:
                    read.by_key.setdefault(key, []).append(document)
            elif not document.voided and (key is None or key not in under_way):
                read.foreign.append(document)
        return read


def compare(posted: Sequence[PostedDocument], documents: Iterable[RemoteDocument], under_way: Collection[str] = ()) -> list[Finding]:
    """All differences of these documents, in the order of `posted`, then what others made there.

    `documents` must reach over all dates of `posted`; what somebody moved to a day beyond them is found as MISSING here, and looked
    up one by one by the caller. under_way: keys of ours that may stand there or not, which their own look-up finds out.
    """
    by_key = {one.document.key: one for one in posted}
    remote = Remote.of(documents, by_key, under_way)
    findings = [finding for one in posted for finding in _differences(one, remote)]
    ours = {account for one in posted for account in effects(one.document)}
    return [*findings, *_foreign(remote.foreign, ours)]


def _differences(one: PostedDocument, remote: Remote) -> Iterator[Finding]:
    document = one.document
    if document.kind is DocumentKind.ALLOCATION:
        return  # moves nothing; what it leaves open is the ledger's own view
    standing = remote.by_key.get(document.key, [])
    if not standing:
        voided = remote.voided.get(document.key)
        how = "was voided or deleted there" if voided is not None else "is not there"
        correction = tuple(sorted(effects(document).items()))
        words = f"{document.reference} ({one.remote_id}) {how}"
        yield _finding(Difference.MISSING, one, words, expected=document.total, actual=0, correction=correction)
        return
    first = next((found for found in standing if found.remote_id == one.remote_id), standing[0])
    for found in standing:
        if found is not first:
            words = f"{document.reference} stands there twice: {found.remote_id} beside {first.remote_id}"
            correction = tuple(sorted((account, -amount) for account, amount in effects(document).items()))
            yield _finding(Difference.DOUBLED, one, words, found=found, expected=1, actual=len(standing), correction=correction)
    yield from _contents(one, first)


def _contents(one: PostedDocument, found: RemoteDocument) -> Iterator[Finding]:
    document = one.document
    seen = False
    if found.date != document.date:
        seen = True
        yield _finding(Difference.DATE, one, f"{document.reference} stands there on {found.date}, not {document.date}", found=found)
    if found.currency != document.currency:
        seen = True
        words = f"{document.reference} stands there in {found.currency}, not {document.currency}"
        yield _finding(Difference.AMOUNT, one, words, found=found, expected=document.total, actual=found.total)
    expected, actual = effects(document), _moved(found)
    if found.lines and actual != expected:
        seen = True
        correction = _correction(expected, actual)
        if sorted(expected.values()) == sorted(actual.values()):
            moved = ", ".join(f"{account} {amount:+d}" for account, amount in correction)
            words = f"{document.reference} moves other accounts there: to mend it, {moved}"
            yield _finding(Difference.ACCOUNT, one, words, found=found, correction=correction)
        else:
            words = f"{document.reference} moves other amounts there"
            yield _finding(Difference.AMOUNT, one, words, found=found, expected=document.total, actual=found.total, correction=correction)
    elif not found.lines and found.total != document.total:
        seen = True
        words = f"{document.reference} comes to another amount there"
        yield _finding(Difference.AMOUNT, one, words, found=found, expected=document.total, actual=found.total)
    if found.edited and not seen:
        yield _finding(
            Difference.EDITED, one, f"{document.reference} was changed there; day, accounts and amounts are the same", found=found
        )


def _foreign(documents: Sequence[RemoteDocument], ours: set[str]) -> Iterator[Finding]:
    for document in documents:
        touched = [line for line in document.lines if line.account in ours]
        if touched:
            yield Finding(
                difference=Difference.FOREIGN,
                words=f"{document.reference or document.remote_id} was made there by somebody, on accounts that we post to",
                currency=document.currency,
                reference=document.reference,
                remote_id=document.remote_id,
                number=document.number,
                date=document.date,
                actual=document.total,
                correction=tuple((line.account, -line.amount) for line in touched),
            )


def unexplained(
    moved: Mapping[tuple[str, str], int],
    posted: Sequence[PostedDocument],
    unsettled: Iterable[RemoteDocument],
    findings: Sequence[Finding],
    accounts: Iterable[str],
) -> list[Finding]:
    """Accounts that moved by what neither our documents nor the findings explain.

    moved: (account, currency) -> what the account moved by over the days that are compared; accounts: those that are looked at.
    unsettled: documents of ours that stand there and are not said to.
    """
    expected: dict[tuple[str, str], int] = {}
    for one in posted:
        for account, amount in effects(one.document).items():
            place = (account, one.document.currency)
            expected[place] = expected.get(place, 0) + amount
    for document in unsettled:
        for line in document.lines:
            place = (line.account, document.currency)
            expected[place] = expected.get(place, 0) + line.amount
    for finding in findings:
        for account, amount in finding.correction:
            place = (account, finding.currency)
            expected[place] = expected.get(place, 0) - amount
    looked_at = set(accounts)
    places = sorted(place for place in {*moved, *expected} if place[0] in looked_at)
    return [
        Finding(
            difference=Difference.BALANCE,
            words=f"account {account} moved by an amount that no document explains",
            currency=currency,
            account=account,
            expected=expected.get((account, currency), 0),
            actual=moved.get((account, currency), 0),
        )
        for account, currency in places
        if expected.get((account, currency), 0) != moved.get((account, currency), 0)
    ]


def _moved(found: RemoteDocument) -> Mapping[str, int]:
    moved: dict[str, int] = {}
    for line in found.lines:
        moved[line.account] = moved.get(line.account, 0) + line.amount
    return {account: amount for account, amount in moved.items() if amount}


def _correction(expected: Mapping[str, int], actual: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    differences = {account: expected.get(account, 0) - actual.get(account, 0) for account in sorted({*expected, *actual})}
    return tuple((account, amount) for account, amount in differences.items() if amount)


def _finding(
    difference: Difference,
    one: PostedDocument,
    words: str,
    *,
    found: RemoteDocument | None = None,
    expected: int | None = None,
    actual: int | None = None,
    correction: tuple[tuple[str, int], ...] = (),
) -> Finding:
    document = one.document
    return Finding(
        difference=difference,
        words=words,
        currency=document.currency,
        key=document.key,
        reference=document.reference,
        entry_ids=document.entry_ids,
        remote_id=found.remote_id if found is not None else one.remote_id,
        number=found.number if found is not None else one.number,
        date=found.date if found is not None else document.date,
        expected=expected,
        actual=actual,
        correction=correction,
    )
