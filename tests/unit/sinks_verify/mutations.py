"""Random changes to a ledger's file by somebody who knows SQLite: seeded, over every table and column, each with what must be named."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS = {
    "entry": "entry_no entry_id content_hash entry_kind part entry_seq tenant legal_entity order_key event_id event_type source channel"
    " occurred_at business_date posting_date late currency currency_exponent posting_count document_ref reverses rule policy_version memo"
    " stream_partition stream_offset booked_at chain_hash seal",
    "posting": "entry_no line account side amount book_amount dimensions",
    "document": "entry_no kind document_ref body",
    "entry_conflict": "conflict_no entry_id booked_content_hash content_hash entry stream_partition stream_offset seen_at after_entry_no"
    " seal",
    "source_offset": "cluster_id topic topic_id partition next_offset chain_length chain_hash seal",
    "ack_cursor": "cursor_no entry_no conflict_no seal",
}
KEYS = {("entry", "entry_no"), ("document", "entry_no"), ("entry_conflict", "conflict_no"), ("ack_cursor", "cursor_no")}
"""Row numbers: SQLite holds nothing but integers there."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, in words, and a pattern that some problem must match for each thing that was touched."""

    what: str
    named: tuple[str, ...]


def unlock(path: Path) -> None:
    """Take away triggers, indexes, STRICT and NOT NULL: nothing holds anybody back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        wanted = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql NOT NULL"
        for kind, name in connection.execute(wanted).fetchall():
            connection.execute(f"DROP {kind} {name}")
        connection.execute("PRAGMA writable_schema = ON")
        for word, other in ((") STRICT, WITHOUT", ") WITHOUT"), (") STRICT", ")"), (" NOT NULL", "")):
            connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table'", (word, other))
        connection.execute("PRAGMA writable_schema = RESET")


def _offset_of(partition: int) -> str:
    return f"partition {partition}: |source_offset of partition {partition} "


class Vandal:
    """Changes one ledger, each time something that was not touched before."""

    def __init__(self, path: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA ignore_check_constraints = ON")
        self._db.execute("PRAGMA foreign_keys = OFF")
        self._ids = dict(self._db.execute("SELECT entry_no, entry_id FROM entry"))
        conflicted = {row[0] for row in self._db.execute("SELECT entry_id FROM entry_conflict")}
        # What no ack speaks of yet may be cut off the end without a trace outside of the file: docs/verify.md.
        (acked,) = self._db.execute("SELECT entry_no FROM ack_cursor").fetchone()
        self._free = [number for number, entry_id in self._ids.items() if entry_id not in conflicted and number <= acked]
        self._random.shuffle(self._free)
        self._conflicts = [row[0] for row in self._db.execute("SELECT conflict_no FROM entry_conflict")]
        self._partitions = [row[0] for row in self._db.execute("SELECT partition FROM source_offset")]
        self._random.shuffle(self._conflicts)
        self._random.shuffle(self._partitions)
        self._cursor_free = True
        self._last: int = max(self._ids)

    def close(self) -> None:
        """Leave the file."""
        self._db.close()

    def changes(self, count: int) -> Iterator[Change]:
        """So many changes that are some."""
        kinds: list[tuple[int, Callable[[], Change | None]]] = [
            (10, self._edit_entry),
            (6, self._edit_posting),
            (4, self._edit_document),
            (2, self._shift_money),
            (3, self._delete_entry),
            (2, self._delete_rows_of_entry),
            (2, self._forge_entry),
            (2, self._double_entry),
            (2, self._add_posting),
            (1, self._add_ownerless),
            (2, self._swap_content),
            (2, self._swap_numbers),
            (2, self._swap_places),
            (2, self._swap_postings),
            (2, self._edit_conflict),
            (1, self._delete_conflict),
            (1, self._forge_conflict),
            (1, self._edit_offset),
            (1, self._delete_offset),
            (1, self._edit_cursor),
        ]
        weights = [weight for weight, _ in kinds]
        made = 0
        while made < count:
            kind = self._random.choices(kinds, weights)[0][1]
            change = kind()
            if change is not None:
                made += 1
                yield change

    def _one(self) -> int:
        number: int = self._free.pop()
        return number

    def _edit(self, table: str, where: str, keys: tuple[Any, ...], *, without: tuple[str, ...] = ()) -> str | None:
        """Another value in a random column of one row; None where the file took none."""
        names = [name for name in COLUMNS[table].split() if name not in without]
        name = self._random.choice(names)
        before = self._db.execute(f"SELECT {name} FROM {table} WHERE {where}", keys).fetchone()  # noqa: S608
        if before is None:
            return None
        for _ in range(5):
            value = self._other(before[0], key=(table, name) in KEYS)
            try:
                self._db.execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (value, *keys))  # noqa: S608
            except sqlite3.IntegrityError:
                continue
            changed = self._db.execute(f"SELECT 1 FROM {table} WHERE ({where}) AND {name} IS ?", (*keys, before[0])).fetchone() is None  # noqa: S608
            if changed:  # affinity may have made the old value of the new one
                return f"{table}.{name} {before[0]!r} -> {value!r}"
        return None

    def _other(self, value: Any, *, key: bool) -> Any:
        """Another value: near, far, or of another type."""
        pick = self._random
        if key:
            return pick.choice([value + 5_000 + pick.randrange(1_000), -(value or 1), 2**62 + pick.randrange(1_000)])
        others: list[Any] = [b"\x00\xff", -(2**63), 2**63 - 1, 0.5, "\x1b[31m", "x" * 3_000]
        match value:
            case int():
                others += [value + 1, value - 1, float(value) + 0.25, f"{value} ", -value - 1] * 3
            case str():
                broken = value.encode() + b"\xff"
                others += [value + " ", value[:-1] + "~", value.upper() + "!", " " + value, broken.decode("utf-8", "surrogateescape")] * 2
                others += [value.encode() + b"!"]
            case None:
                others += ["", 0, "null"]
        if value is not None:
            others.append(None)
        other = pick.choice(others)
        return other.encode("utf-8", "surrogateescape") if isinstance(other, str) and "\udcff" in other else other

    def _edit_entry(self) -> Change | None:
        number = self._one()
        what = self._edit("entry", "entry_no = ?", (number,))
        return None if what is None else Change(f"entry {number}: {what}", (self._ids[number],))

    def _edit_posting(self) -> Change | None:
        number = self._one()
        what = self._edit("posting", "entry_no = ? AND line = ?", (number, self._random.randint(1, 3)))
        return None if what is None else Change(f"entry {number}: {what}", (self._ids[number],))

    def _edit_document(self) -> Change | None:
        number = self._one()
        what = self._edit("document", "entry_no = ?", (number,))
        return None if what is None else Change(f"entry {number}: {what}", (self._ids[number],))

    def _shift_money(self) -> Change:
        """An entry that still balances."""
        number = self._one()
        self._db.execute("UPDATE posting SET amount = amount + 7 WHERE entry_no = ? AND line IN (1, 2)", (number,))
        return Change(f"entry {number}: 7 more on both sides", (self._ids[number],))

    def _delete_entry(self) -> Change:
        number = self._one()
        tables = self._random.choice([("entry",), ("entry", "posting"), ("entry", "posting", "document")])
        for table in tables:
            self._db.execute(f"DELETE FROM {table} WHERE entry_no = ?", (number,))  # noqa: S608
        return Change(f"entry {number}: deleted from {tables}", (self._ids[number],))

    def _delete_rows_of_entry(self) -> Change | None:
        number = self._one()
        sql = self._random.choice(["DELETE FROM posting WHERE entry_no = ? AND line = 1", "DELETE FROM posting WHERE entry_no = ?"])
        if self._random.random() < 0.5:
            sql = "DELETE FROM document WHERE entry_no = ?"
        if self._db.execute(sql, (number,)).rowcount == 0:
            return None
        return Change(f"entry {number}: {sql}", (self._ids[number],))

    def _copy(self, number: int, **changed: Any) -> int:
        self._last += self._random.randint(1, 3)
        for table in ("entry", "posting", "document"):
            columns = [name for name in COLUMNS[table].split() if name != "entry_no"]
            values = ", ".join("?" if table == "entry" and name in changed else name for name in columns)
            given = [changed[name] for name in columns if table == "entry" and name in changed]
            sql = f"INSERT INTO {table} (entry_no, {', '.join(columns)}) SELECT ?, {values} FROM {table} WHERE entry_no = ?"  # noqa: S608
            self._db.execute(sql, (self._last, *given, number))
        return self._last

    def _forge_entry(self) -> Change:
        forged = f"00000000-0000-4000-8000-{self._random.getrandbits(48):012x}"
        number = self._copy(self._one(), entry_id=forged)
        return Change(f"entry {number}: forged", (forged,))

    def _double_entry(self) -> Change:
        number = self._one()
        copy = self._copy(number)
        return Change(f"entry {number}: doubled as {copy}", (self._ids[number],))

    def _add_posting(self) -> Change:
        number = self._one()
        row = (number, self._random.randint(4, 90), "cash:mine", "DEBIT", 5, None, "{}")
        self._db.execute("INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return Change(f"entry {number}: a posting more", (self._ids[number],))

    def _add_ownerless(self) -> Change:
        number = 10**6 + self._random.randrange(10**6)
        self._db.execute("INSERT INTO posting VALUES (?, 1, 'cash:mine', 'DEBIT', 5, NULL, '{}')", (number,))
        return Change(f"postings of {number}, which is no entry", (f"entry_no {number}",))

    def _swap_columns(self, names: list[str], what: str) -> Change | None:
        one, other = self._one(), self._one()
        wanted = f"SELECT {', '.join(names)} FROM entry WHERE entry_no = ?"  # noqa: S608
        rows = [self._db.execute(wanted, (number,)).fetchone() for number in (one, other)]
        if rows[0] == rows[1]:
            return None
        setting = ", ".join(f"{name} = ?" for name in names)
        for number, row in zip((one, other), reversed(rows), strict=True):
            self._db.execute(f"UPDATE entry SET {setting} WHERE entry_no = ?", (*row, number))  # noqa: S608
        return Change(f"entries {one} and {other}: {what} swapped", (self._ids[one], self._ids[other]))

    def _swap_content(self) -> Change | None:
        return self._swap_columns([name for name in COLUMNS["entry"].split() if name not in ("entry_no", "booked_at", "seal")], "content")

    def _swap_places(self) -> Change | None:
        return self._swap_columns(["stream_partition", "stream_offset"], "places")

    def _swap_postings(self) -> Change | None:
        one, other = self._one(), self._one()
        legs = [self._db.execute("SELECT * FROM posting WHERE entry_no = ? ORDER BY line", (number,)).fetchall() for number in (one, other)]
        if [leg[1:] for leg in legs[0]] == [leg[1:] for leg in legs[1]]:
            return None
        self._swap_owner("posting", one, other)
        return Change(f"entries {one} and {other}: postings swapped", (self._ids[one], self._ids[other]))

    def _swap_numbers(self) -> Change:
        one, other = self._one(), self._one()
        for table in ("entry", "posting", "document"):
            self._swap_owner(table, one, other)
        return Change(f"entries {one} and {other}: numbers swapped", (self._ids[one], self._ids[other]))

    def _swap_owner(self, table: str, one: int, other: int) -> None:
        for old, new in ((one, -1), (other, one), (-1, other)):
            self._db.execute(f"UPDATE {table} SET entry_no = ? WHERE entry_no = ?", (new, old))  # noqa: S608

    def _edit_conflict(self) -> Change | None:
        if not self._conflicts:
            return None
        number = self._conflicts.pop()
        (entry_id,) = self._db.execute("SELECT entry_id FROM entry_conflict WHERE conflict_no = ?", (number,)).fetchone()
        what = self._edit("entry_conflict", "conflict_no = ?", (number,))
        return None if what is None else Change(f"conflict {number}: {what}", (entry_id,))

    def _delete_conflict(self) -> Change | None:
        if not self._conflicts:
            return None
        number = self._conflicts.pop()
        (entry_id,) = self._db.execute("SELECT entry_id FROM entry_conflict WHERE conflict_no = ?", (number,)).fetchone()
        self._db.execute("DELETE FROM entry_conflict WHERE conflict_no = ?", (number,))
        return Change(f"conflict {number}: deleted", (entry_id,))

    def _forge_conflict(self) -> Change:
        number, entry_id = self._one() + 10**4, f"00000000-0000-4000-9000-{self._random.getrandbits(48):012x}"
        row = (number, entry_id, "a" * 64, "b" * 64, "{}", 0, 10**6 + number, 5, 5, "c" * 64)
        self._db.execute("INSERT INTO entry_conflict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return Change(f"conflict {number}: forged", (entry_id,))

    def _edit_offset(self) -> Change | None:
        if not self._partitions:
            return None
        number = self._partitions.pop()
        what = self._edit("source_offset", "partition = ?", (number,))
        return None if what is None else Change(f"partition {number}: {what}", (_offset_of(number),))

    def _delete_offset(self) -> Change | None:
        if len(self._partitions) < 2:
            return None
        number = self._partitions.pop()
        self._db.execute("DELETE FROM source_offset WHERE partition = ?", (number,))
        return Change(f"partition {number}: source_offset deleted", (_offset_of(number),))

    def _edit_cursor(self) -> Change | None:
        if not self._cursor_free:
            return None
        self._cursor_free = False
        if self._random.random() < 0.3:
            self._db.execute("DELETE FROM ack_cursor")
            return Change("cursor deleted", ("ack_cursor",))
        what = self._edit("ack_cursor", "1", ())
        return None if what is None else Change(f"cursor: {what}", ("ack_cursor",))
