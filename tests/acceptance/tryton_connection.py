"""`asiento sinks run erp`: the process that posts to a real Tryton, with the file of its connection, and its death at any instant."""

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from asiento.accounting.money import major_units_text
from tests.integration.ledger_sink import LedgerSink
from tests.oracle.lives import life
from tests.tryton_chart import CURRENCY, account_of, mapping_text
from tests.tryton_server import TrytonBooks

POLL_SECONDS = 0.2
PAUSE_SECONDS_MAX = 0.5
STILL_SECONDS_MAX = 300.0
"""So long nothing may happen: all of it takes as long as the machine is busy."""
ANSWER_SECONDS_MAX = 10
"""A Tryton on this machine has answered by then, or it never will."""
_KEYS = (
    "SELECT description FROM account_move WHERE state = 'posted' AND description IS NOT NULL"
    " UNION ALL SELECT description FROM account_invoice WHERE state IN ('posted', 'paid')"
)
_DRAFTS = "SELECT id FROM account_move WHERE state = 'draft' UNION ALL SELECT id FROM account_invoice WHERE state IN ('draft', 'validated')"


def euro_orders(count: int) -> list[tuple[str, int]]:
    """Profile and seed of so many lives in the currency of the books, at least every other one with a refund."""
    found: list[tuple[str, int]] = []
    plain = 0
    for seed in range(100 * count):
        profile = ("calm", "messy")[seed % 2]
        told = life(profile, seed)
        refunded = any(event["type"] == "RefundIssued" for event in told)
        if CURRENCY in {event.get("currency") for event in told} and (refunded or plain < count // 2):
            plain += not refunded
            found.append((profile, seed))
        if len(found) == count:
            break
    return found


def of_books(balances: Mapping[str, int]) -> dict[str, str]:
    """Balances of our roles as the accounts of the test's books have them: account code -> decimal text, without what is 0."""
    added: Counter[str] = Counter()
    for role, amount in balances.items():
        added[account_of(role)] += amount
    return {code: major_units_text(amount, 2) for code, amount in added.items() if amount}


class _Going:
    """Fails where what a test looks at stays as it is for too long."""

    def __init__(self) -> None:
        self._seen: tuple[object, ...] = ()
        self._since = time.monotonic()

    def check(self, seen: tuple[object, ...]) -> None:
        """See the class."""
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        assert time.monotonic() < self._since + STILL_SECONDS_MAX, f"nothing goes on at {seen}"


class TrytonConnection(LedgerSink):
    """The process of connection `erp` to these books."""

    name = "erp"

    def __init__(self, directory: Path, kafka: str, prefix: str, books: TrytonBooks, mode: str, **settings: str) -> None:
        directory.mkdir(exist_ok=True)
        (directory / "mapping.yaml").write_text(mapping_text(), encoding="utf-8")
        (directory / "key.txt").write_text(books.keys.accountant, encoding="utf-8")
        (directory / "key.txt").chmod(0o600)
        connections = directory / "connections.yaml"
        connections.write_text(
            f"connections:\n  erp:\n    kind: tryton\n    base_url: {books.base_url}\n    currencies: [{CURRENCY}]\n    mode: {mode}\n"
            "    mapping: mapping.yaml\n    secrets: {api_key: key.txt}\n",
            encoding="utf-8",
        )
        super().__init__(
            directory,
            kafka,
            prefix,
            ledger_connections=str(connections),
            posting_answer_seconds_max=str(ANSWER_SECONDS_MAX),
            **settings,
        )
        self._books = books
        self._database = directory / "postings.sqlite"

    def states(self) -> Counter[str]:
        """How many documents are in each state; empty before there is a database."""
        if not self._database.exists():
            return Counter()
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            try:
                return Counter(dict(database.execute("SELECT state, count(*) FROM posting GROUP BY state")))
            except sqlite3.OperationalError:
                return Counter()

    def taken(self) -> int:
        """How many entries it has taken from their topic."""
        if not self._database.exists():
            return 0
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            try:
                return int(database.execute("SELECT count(*) FROM posting_entry").fetchone()[0])
            except sqlite3.OperationalError:
                return 0

    def wait_posted(self, entries: int) -> Counter[str]:
        """Wait until so many entries are taken and no document is on its way."""
        going = _Going()
        while True:
            states, taken = self.states(), self.taken()
            if taken == entries and not states.keys() & {"PLANNED", "SENDING", "UNCERTAIN"}:
                return states
            assert self.running, self.log.read_text()[-4000:]
            going.check((taken, *sorted(states.items())))
            time.sleep(POLL_SECONDS)

    def die_often(self, kills: int, documents: int, seed: int) -> list[int]:
        """kill -9 at random instants while it posts, and start it again; how many documents stood in Tryton at each death.

        Each death comes after a random part of what is left has been made there, and a random pause.
        """
        chance, deaths = random.Random(seed), list[int]()
        marks = sorted(chance.randrange(documents) for _ in range(kills))
        for mark in marks:
            going = _Going()
            while (made := int(str(self._books.rows("SELECT count(*) FROM account_move")[0][0]))) < mark:
                assert self.running, self.log.read_text()[-4000:]
                going.check((made, mark))
                time.sleep(POLL_SECONDS)
            time.sleep(chance.random() * PAUSE_SECONDS_MAX)
            self.kill()
            deaths.append(self.states()["POSTED"])
            self.start()
        return deaths

    def reconcile(self) -> dict[str, Any]:
        """What `asiento reconcile` says of a year, after a clean exit."""
        words = ("reconcile", self.name, "--from", "2026-01-01", "--to", "2026-12-31", "--json")
        done = subprocess.run([sys.executable, "-m", "asiento.cli.main", *words], env=self.environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        found: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
        return found

    def check(self, expected: Mapping[str, int], documents: int) -> None:
        """The books hold what our ledger holds, account by account; no key twice, none missing, no draft left."""
        assert self._books.balances() == of_books(expected)
        keys = [str(text).rsplit(" ", 1)[1] for (text,) in self._books.rows(_KEYS)]
        assert len(keys) == len(set(keys)) == documents
        assert self._books.rows(_DRAFTS) == []
