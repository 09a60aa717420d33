"""What a report must say, counted again: from raw rows of the two SQLite files, by loops, with nothing of the product's own counting.

Which record made an entry is told by the decisions that name the entry, where the report goes by the entry's event_id.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

_TAGS_OF_A_PAGE: Final = "html head meta title style body main section h1 h2 h3 p ul li b span div"
_TAGS_OF_TABLES_AND_PICTURES: Final = "table caption thead tbody tfoot tr th td svg g rect line polyline path circle text"
TAGS: Final = frozenset(f"{_TAGS_OF_A_PAGE} {_TAGS_OF_TABLES_AND_PICTURES}".split())
MICROSECONDS: Final = 1_000_000


class Page(HTMLParser):
    """The tables of a page by their caption, each a list of rows of cells; and everything that a page of ours must not have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[tuple[str, ...]]]] = []
        self.foreign: list[str] = []
        self.pictures = 0
        self._text: list[str] = []
        self._row: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS or any(name in {"src", "href", "onclick", "xlink:href"} or name.startswith("on") for name, _ in attrs):
            self.foreign.append(tag)
        self.pictures += tag == "svg"
        self._text = []
        if tag == "tr":
            self._row = []

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._text)
        if tag == "caption":
            self.tables.append((text, []))
        elif tag in {"td", "th"}:
            self._row.append(text)
        elif tag == "tr":
            self.tables[-1][1].append(tuple(self._row))
        elif tag in {"p", "span", "h1", "h2", "text"}:
            self.words.append(text)
        self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def table(self, caption: str) -> list[tuple[str, ...]]:
        """The rows of the one table of that name, without its head."""
        (rows,) = [rows for name, rows in self.tables if name == caption]
        return rows[1:]


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry of the stream with its record and its rows of the ledger: (booked_at, debits)."""

    kind: str
    reversed_kind: str | None
    currency: str
    exponent: int
    debits: int
    arrived_at: int
    booked: tuple[tuple[int, int], ...]

    @property
    def captured(self) -> int:
        """+1, -1 or 0: whether it is money that came in, or one of those taken back."""
        sign, kind = (1, self.kind) if self.reversed_kind is None else (-1, self.reversed_kind)
        return sign * {"capture": 1, "capture_reversed": -1}.get(kind, 0)


class Facts:
    """Both databases in memory."""

    def __init__(self, operational: Path, ledger: Path) -> None:
        with closing(_reading(operational)) as database:
            self.events = _rows(database, "event")
            self.decisions = {(row["partition"], row["record_offset"]): row for row in _rows(database, "decision")}
            self.healed = _rows(database, "healed")
            self.standing = {(row["partition"], row["event_id"]): row for row in _rows(database, "event_state")}
            self.stream = {row["entry_id"]: row for row in _rows(database, "entry")}
            self.discrepancies = _rows(database, "open_discrepancy")
            self.letters = [row for row in _rows(database, "dead_letter_state") if row["state"] == "OPEN"]
        with closing(_reading(ledger)) as database:
            self.rows = _rows(database, "entry")
            self.postings = _rows(database, "posting")
        self.records = {(row["partition"], row["record_offset"]): row for row in self.events}
        self.entries = list(self._entries())

    def _entries(self) -> Iterator[EntryFact]:
        made_by = self._records_of_entries()
        debits: Counter[int] = Counter()
        for posting in self.postings:
            debits[posting["entry_no"]] += posting["amount"] if posting["side"] == "DEBIT" else 0
        booked = defaultdict(list)
        for row in self.rows:
            booked[row["entry_id"]].append((row["booked_at"], debits[row["entry_no"]]))
        for entry_id, row in self.stream.items():
            body = json.loads(row["body"])
            reverses = self.stream.get(row["reverses"])
            yield EntryFact(
                kind=row["entry_kind"],
                reversed_kind=reverses["entry_kind"] if reverses is not None else None,
                currency=row["currency"],
                exponent=body["currency_exponent"],
                debits=sum(leg["amount"] for leg in body["postings"] if leg["side"] == "DEBIT"),
                arrived_at=self.records[made_by[entry_id]]["record_at"],
                booked=tuple(booked[entry_id]),
            )

    def _records_of_entries(self) -> dict[str, tuple[int, int]]:
        found = {entry_id: place for place, row in self.decisions.items() for entry_id in json.loads(row["entry_ids"])}
        for healed in self.healed:
            for entry_id in json.loads(healed["entry_ids"]):
                waited = [
                    place
                    for place, row in self.decisions.items()
                    if row["event_id"] == healed["event_id"]
                    and place[0] == healed["partition"]
                    and row["outcome"] == "deferred"
                    and row["batch_offset"] <= healed["batch_offset"]
                ]
                found[entry_id] = max(waited)
        return found

    def outcomes(self, start: int = 0, stop: int = 2**62) -> Counter[tuple[str, str, str]]:
        """(first outcome, code, where those that waited stand now) -> records that arrived from start until before stop."""
        found: Counter[tuple[str, str, str]] = Counter()
        for place, record in self.records.items():
            if start <= record["record_at"] < stop:
                decision = self.decisions.get(place)
                if decision is None:
                    found["waits", "", ""] += 1
                    continue
                waits = decision["outcome"] == "deferred"
                now = self.standing[place[0], decision["event_id"]]["outcome"] if waits else ""
                found[decision["outcome"], decision["code"] or "", now] += 1
        return found

    def money(self, start: int = 0, stop: int = 2**62) -> dict[str, tuple[int, int, int, int]]:
        """Currency -> captured by the stream, by the ledger, debits of the stream, of the ledger."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for entry in self.entries:
            if start <= entry.arrived_at < stop:
                booked = sum(debits for _, debits in entry.booked)
                for place, amount in enumerate((entry.captured * entry.debits, entry.captured * booked, entry.debits, booked)):
                    sums[entry.currency][place] += amount
        return {currency: (found[0], found[1], found[2], found[3]) for currency, found in sums.items()}

    def steps(self, seconds: int) -> dict[int, tuple[int, int, list[int]]]:
        """Start of a step -> records that arrived, entries that were booked, their lags in microseconds, ordered."""
        length = seconds * MICROSECONDS
        arrived = Counter(record["record_at"] // length * length for record in self.events)
        lags: dict[int, list[int]] = defaultdict(list)
        for entry in self.entries:
            if entry.booked:
                at = entry.booked[0][0]
                lags[at // length * length].append(max(at - entry.arrived_at, 0))
        places = range(min([*arrived, *lags]), max([*arrived, *lags]) + 1, length)
        return {at: (arrived[at], len(lags[at]), sorted(lags[at])) for at in places}

    def balances(self) -> dict[str, dict[str, int]]:
        """Currency -> account -> signed minor units."""
        currencies = {row["entry_no"]: row["currency"] for row in self.rows}
        found: dict[str, dict[str, int]] = {}
        for posting in self.postings:
            accounts = found.setdefault(currencies[posting["entry_no"]], {})
            signed = posting["amount"] if posting["side"] == "DEBIT" else -posting["amount"]
            accounts[posting["account"]] = accounts.get(posting["account"], 0) + signed
        return found


def shown(amount: int, exponent: int) -> str:
    """An amount as the English page writes it."""
    digits = f"{abs(amount):0{exponent + 1}d}"
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    return ("-" if amount < 0 else "") + f"{int(whole):,}" + (f".{fraction}" if exponent else "")


def nearest_rank(values: list[int], percent: int) -> int:
    """The smallest value that at least so many percent of the ordered values do not exceed."""
    return next(value for place, value in enumerate(values, 1) if place * 100 >= percent * len(values))


def _reading(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _rows(database: sqlite3.Connection, relation: str) -> list[dict[str, Any]]:
    return [dict(row) for row in database.execute(f"SELECT * FROM {relation}")]  # noqa: S608 - names of ours
