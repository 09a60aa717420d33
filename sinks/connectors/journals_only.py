"""What ledgers share that hold journals only: what they do not read, how their words are understood, how options name currencies."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from asiento.runtime.settings import SettingsError
from sinks.external.amounts import minor_units
from sinks.external.capabilities import AccountUse
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, Request
from sinks.external.results import Posted, Refusal, Refused

CURRENCY_ID_PREFIX: Final = "currency_id_"
_CLOSED: Final = re.compile(r"\bperiods?\b|\block(ed|down|ing|s)?\b|\bclosed\b|\byear[- ]end\b", re.IGNORECASE)
_UNMAPPED: Final = re.compile(r"account|contact|customer|currency|subsidiary|entity|not found|does not exist|inactive", re.IGNORECASE)


class JournalsOnly:
    """The part of a `Dialect` that such ledgers do not have, and that most have alike."""

    def authorization(self, token: str) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"Authorization": f"Bearer {token}"}

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Nothing is said against an account."""
        del account, use
        return None

    def asking_periods(self) -> Request | None:
        """What is locked cannot be read."""
        return None

    def periods_in(self, answer: Answer) -> Sequence[ClosedPeriod]:
        """See `Dialect`."""
        del answer
        return []

    def listing_documents(self, first: str, last: str, page: int) -> Request | None:
        """Journals are compared one by one by their keys."""
        del first, last, page
        return None

    def documents_in(self, answer: Answer) -> tuple[Sequence[RemoteDocument], bool]:
        """See `Dialect`."""
        del answer
        return [], False


def refusal_in(words: str) -> Refusal:
    """What a vendor refuses, by its words where its codes do not say it."""
    if _CLOSED.search(words):
        return Refusal.PERIOD_CLOSED
    return Refusal.MAPPING if _UNMAPPED.search(words) else Refusal.INVALID


def standing(document: LedgerDocument, found: Posted, date: str, amounts: Iterable[tuple[str, int]]) -> Posted | Refused:
    """A journal that stands under our key: as it is, or a conflict where its day or its (account, signed amount) lines are others'."""
    if date != document.date:
        return _conflict(f"journal {found.remote_id} has our key, but is dated {date}, not {document.date}")
    try:
        same = _sums(amounts) == _sums((line.account, line.amount) for line in document.lines)
    except ValueError as problem:
        return _conflict(f"journal {found.remote_id} has our key, but an amount that is none of {document.currency}: {problem}")
    return found if same else _conflict(f"journal {found.remote_id} has our key, but other amounts or accounts")


def two_sides(lines: Iterable[Mapping[str, Any]], account: str, exponent: int) -> Iterator[tuple[str, int]]:
    """(account's id, signed amount) of lines with `debit` and `credit`; account: the field whose `id` is the account's."""
    for line in lines:
        amount = minor_units(line.get("debit") or 0, exponent) - minor_units(line.get("credit") or 0, exponent)
        yield str(line[account]["id"]), amount


def _conflict(message: str) -> Refused:
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message)


def _sums(amounts: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for account, amount in amounts:
        sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount != 0}


def text_of(document: LedgerDocument, length_max: int) -> str:
    """Reference and memo as one text."""
    return f"{document.reference} {document.memo}"[:length_max]


class Currencies:
    """Of one company: its own, and the vendor's ids of others where it wants them."""

    def __init__(self, base: str, ids: Mapping[str, str]) -> None:
        self._base = base
        self._ids = ids

    def id_of(self, currency: str) -> str | None:
        """The vendor's id; None = the company's own. Raises ValueError where it is not said."""
        if currency == self._base:
            return None
        if currency not in self._ids:
            name = f"{CURRENCY_ID_PREFIX}{currency.lower()}"
            raise ValueError(f"{currency} is not the currency of the books: set the option {name} to the ledger's id of it")
        return self._ids[currency]


def two_decimals(document: LedgerDocument, ledger: str) -> None:
    """Raises ValueError for amounts with a third decimal, which ledgers that keep two would round."""
    unit = 10 ** max(document.currency_exponent - 2, 0)
    if any(line.amount % unit for line in document.lines):
        raise ValueError(f"{ledger} keeps two decimals: an amount of {document.currency} has three")


def only_currency(document: LedgerDocument, currency: str, ledger: str) -> None:
    """Raises ValueError for a document in another currency than the only one of the ledger's journals."""
    if document.currency != currency:
        raise ValueError(f"{document.currency}: journals of {ledger} are in the currency of the books, {currency} (option base_currency)")


def checked_options(
    connection: Connection, known: Iterable[str], needed: Iterable[str], *, currency_ids: bool = False
) -> Mapping[str, str]:
    """The options of a connection; raises `SettingsError` for unknown and missing ones."""
    names, options = sorted({*known, "token_url"}), connection.options
    unknown = [name for name in options if name not in names and not (currency_ids and name.startswith(CURRENCY_ID_PREFIX))]
    missing = [name for name in needed if not options.get(name)]
    if unknown or missing:
        problem = f"{', '.join(unknown)} is unknown" if unknown else f"{', '.join(missing)} is missing"
        raise SettingsError(f"connection {connection.name}: options of {connection.kind} are {', '.join(names)}; {problem}")
    return options


def currencies_of(options: Mapping[str, str]) -> Currencies:
    """What the options say of currencies; the books are in USD where they say nothing."""
    ids = {name.removeprefix(CURRENCY_ID_PREFIX).upper(): value for name, value in options.items() if name.startswith(CURRENCY_ID_PREFIX)}
    return Currencies(options.get("base_currency", "USD"), ids)
