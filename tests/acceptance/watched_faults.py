"""Faults that people must see. Each is a context: it is done at its start and mended at its end.

Mending is what the runbook of the alert or of the code says; where the fault is a signal, a lock or a full disk, it is what ends it.
"""

import contextlib
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Final, TypeAlias

import orjson

from tests.acceptance.planted_problems import Event
from tests.acceptance.tcp_proxy import Cut
from tests.acceptance.watched_stage import WHO, Stage

Happening: TypeAlias = Callable[[Stage], AbstractContextManager[None]]

KILLED_AGAIN_SECONDS: Final = 1.0
STILL_SECONDS, WORKING_SECONDS = 3.0, 0.05
"""A slow broker: an answer takes seconds, money flows all the same, a commit late."""
JOIN_SECONDS_MAX: Final = 10.0


def together(*faults: Happening) -> Happening:
    """Several at once."""

    @contextmanager
    def all_of_them(stage: Stage) -> Iterator[None]:
        with ExitStack() as open_faults:
            for fault in faults:
                open_faults.enter_context(fault(stage))
            yield

    return all_of_them


# Processes.


def frozen(process: str) -> Happening:
    """Neither dead nor alive."""

    @contextmanager
    def stopped(stage: Stage) -> Iterator[None]:
        stage.system.signal(process, signal.SIGSTOP)
        try:
            yield
        finally:
            stage.system.signal(process, signal.SIGCONT)

    return stopped


def killed(process: str) -> Happening:
    """kill -9 of every start, as by a machine without memory."""

    def kill(stage: Stage) -> float:
        with contextlib.suppress(KeyError, ProcessLookupError):  # it is between two starts
            stage.system.signal(process, signal.SIGKILL)
        return KILLED_AGAIN_SECONDS

    return _meanwhile(kill)


def slow(process: str) -> Happening:
    """It stands still most of the time, never so long that somebody gives up on it."""

    def pulse(stage: Stage) -> float:
        stage.system.signal(process, signal.SIGSTOP)
        threading.Event().wait(STILL_SECONDS)
        stage.system.signal(process, signal.SIGCONT)
        return WORKING_SECONDS

    return _meanwhile(pulse)


def _meanwhile(step: Callable[[Stage], float]) -> Happening:
    """Again and again, with a pause of so many seconds as each step answers."""

    @contextmanager
    def repeated(stage: Stage) -> Iterator[None]:
        end = threading.Event()

        def loop() -> None:
            while not end.wait(step(stage)):
                pass

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join(JOIN_SECONDS_MAX)

    return repeated


# Records.


def poison(kind: str, records: int) -> Happening:
    """Records that no worker can read; each is closed at the desk."""

    @contextmanager
    def refused(stage: Stage) -> Iterator[None]:
        stage.send([one for _ in range(records) for one in stage.problem(kind).arrives])
        yield
        for item in stage.listed("dlq"):
            stage.say("dlq", "resolve", item["subject"], *WHO)

    return refused


@contextmanager
def gap(stage: Stage) -> Iterator[None]:
    """A numbered event of an order is missing; it is sent at last."""
    problem = stage.problem("gap")
    stage.send(problem.arrives)
    yield
    send_events(stage, problem.right)


@contextmanager
def over_refund(stage: Stage) -> Iterator[None]:
    """More is refunded than was captured; the second payment, which nobody told, is sent."""
    problem = stage.problem("over_refund")
    stage.send(problem.arrives)
    yield
    send_events(stage, problem.right)


@contextmanager
def conflict(stage: Stage) -> Iterator[None]:
    """A payment comes twice with different amounts; the newer one is right."""
    problem = stage.problem("newer_is_right")
    stage.send(problem.arrives)
    yield
    stage.say("events", "fix", problem.wrong_id, *WHO)


@contextmanager
def wrong_total(stage: Stage) -> Iterator[None]:
    """An order whose total is not what its lines add up to, and what follows waits for it."""
    problem = stage.problem("wrong_total")
    stage.send(problem.arrives)
    yield
    stage.say("events", "fix", problem.wrong_id, "--set", f"total={problem.right['total']}", *WHO)


@contextmanager
def wrong_currency(stage: Stage) -> Iterator[None]:
    """The payment of an order comes in another currency than the order's."""
    problem = stage.problem("late_capture")
    right = problem.right
    currency = "USD" if right["currency"] != "USD" else "EUR"
    stage.send(problem.arrives)
    send_events(stage, right | {"currency": currency, "currency_exponent": 2})
    yield
    mended = (f"currency={right['currency']}", f"currency_exponent={right['currency_exponent']}")
    stage.say("events", "fix", right["event_id"], *(word for one in mended for word in ("--set", one)), *WHO)


def send_events(stage: Stage, *events: Event) -> None:
    """As a producer sends them by hand."""
    file = stage.folder / "sent-by-hand.jsonl"
    file.write_bytes(b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events))
    stage.say("events", "send", str(file))


# The ledger.


@contextmanager
def altered_amount(stage: Stage) -> Iterator[None]:
    """Both legs of a booked entry are a hundred units larger: it still balances."""
    entry_no = stage.ledger_value("SELECT entry_no FROM entry WHERE posting_count = 2 ORDER BY entry_no LIMIT 1")
    change = "UPDATE posting SET amount = amount + {} WHERE entry_no = {}".format
    stage.change_ledger(change(100, entry_no))
    try:
        yield
    finally:
        stage.change_ledger(change(-100, entry_no))


@contextmanager
def doubled_row(stage: Stage) -> Iterator[None]:
    """A booked entry stands there once more, under another id."""
    stage.change_ledger(
        "INSERT INTO posting SELECT 9000000, line, account, side, amount, book_amount, dimensions FROM posting WHERE entry_no = 7",
        "CREATE TEMP TABLE twin AS SELECT * FROM entry WHERE entry_no = 7",
        "UPDATE twin SET entry_no = 9000000, entry_id = 'b5a7a6f0-0000-5000-8000-000000000007', reverses = NULL, document_ref = NULL",
        "INSERT INTO entry SELECT * FROM twin",
        "DROP TABLE twin",
    )
    try:
        yield
    finally:
        stage.change_ledger("DELETE FROM posting WHERE entry_no = 9000000", "DELETE FROM entry WHERE entry_no = 9000000")


@contextmanager
def missing_row(stage: Stage) -> Iterator[None]:
    """A booked entry is gone; it comes back as it was."""
    tables = ("document", "posting", "entry")
    with closing(sqlite3.connect(f"file:{stage.ledger_path}?mode=ro", uri=True)) as ledger:
        rows = [(table, row) for table in tables for row in ledger.execute(f"SELECT * FROM {table} WHERE entry_no = 9")]  # noqa: S608
    stage.change_ledger(*(f"DELETE FROM {table} WHERE entry_no = 9" for table in tables))  # noqa: S608
    try:
        yield
    finally:
        stage.change_ledger(*(f"INSERT INTO {table} VALUES ({', '.join(map(_literal, row))})" for table, row in rows))  # noqa: S608


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


@contextmanager
def locked_ledger(stage: Stage) -> Iterator[None]:
    """Somebody's tool holds the ledger's file in a transaction."""
    with closing(sqlite3.connect(stage.ledger_path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextmanager
def full_disk(stage: Stage) -> Iterator[None]:
    """The disk under the ledger has no room."""
    stage.ledger_disk.fill()
    try:
        yield
    finally:
        stage.ledger_disk.make_room()


# What is outside.


def outside_answers(**percent: int) -> Happening:
    """The ledger outside answers so many calls of a hundred with a fault."""

    @contextmanager
    def faulty(stage: Stage) -> Iterator[None]:
        stage.outside.set(faults={"seed": 1, "percent": percent})
        try:
            yield
        finally:
            stage.outside.set(faults={"seed": 1, "percent": {}})

    return faulty


@contextmanager
def outside_unreachable(stage: Stage) -> Iterator[None]:
    """No connection to the ledger outside comes about."""
    stage.way_out.spoil(Cut.REFUSE)
    try:
        yield
    finally:
        stage.way_out.heal()


@contextmanager
def silent_shop(stage: Stage) -> Iterator[None]:
    """The shop sends no webhook any more."""
    stage.webhooks_pause.set()
    try:
        yield
    finally:
        stage.webhooks_pause.clear()
