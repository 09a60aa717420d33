"""After kills of everything under load, the boards show what an independent count of topics and ledgers gives: `make soak-watch`."""

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from random import Random
from typing import Any, Final

import pytest

from tests.acceptance.chaos_options import SEED
from tests.acceptance.topic_facts import ACTIONS, DEAD_LETTERS, DECISIONS, DISCREPANCIES, ENTRIES, EVENTS, TopicFacts
from tests.acceptance.watched_stage import PARTITIONS, Panel, Stage
from tests.integration.order_stream import OrderStream

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(3_600)]

KILLS: Final = 15
KILLED: Final = ("worker-1", "worker-2", "sink-ledger", "projector", "tie-out", "sink-erp", "lag-exporter", "broker")
CALM_SECONDS_MAX: Final = 300.0
SETTLED_SECONDS: Final = 40.0
"""After all is quiet: by then every process has looked at its database once more, and Prometheus at every process."""

Figures = dict[tuple[str, ...], int]
"""Values of labels -> figure; zeros are left out."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The whole installation after kills under load, at rest."""
    with Stage(tmp_path_factory.mktemp("figures"), SEED) as stage:
        random = Random(SEED)
        for number in range(KILLS):
            for kind in ("gap", "over_refund", "newer_is_right", "wrong_total", "unknown_order", "undecodable", "unknown_schema_id"):
                if random.random() < 0.5:
                    stage.send(stage.problem(kind).arrives)
            victim = KILLED[number % len(KILLED)] if number < len(KILLED) else random.choice(KILLED)
            stage.wait(lambda: False, random.random() * 3)
            if victim in stage.system.processes():
                stage.system.signal(victim, signal.SIGKILL)
        stage.orders_pause.set()
        calm = stage.wait(lambda: _all_zero(stage), CALM_SECONDS_MAX)
        assert calm is not None, stage.system.query("asiento_group_lag_records > 0 or asiento_posting_oldest_seconds > 0")
        settled = time.time() + SETTLED_SECONDS
        assert stage.wait(lambda: _compared_at(stage) > settled, 3 * SETTLED_SECONDS) is not None
        yield stage


def _compared_at(stage: Stage) -> float:
    """When the ledger was compared last, as Prometheus knows it; seconds since the epoch."""
    return stage.system.prometheus.value("min(asiento_tie_out_last_run_timestamp_seconds)") or 0.0


def _all_zero(stage: Stage) -> bool:
    """Nobody is behind, and everybody has been asked."""
    behind = "sum(asiento_group_lag_records) + sum(asiento_posting_oldest_seconds) + sum(asiento_unbooked_entries) + sum(up == bool 0)"
    return stage.system.prometheus.value(behind) == 0


@pytest.fixture(scope="module")
def facts(stage: Stage) -> TopicFacts:
    """What stands on the topics, read by fastavro alone."""
    stream = OrderStream(stage.broker, "", stage.folder, PARTITIONS)
    topics = (EVENTS, DECISIONS, ENTRIES, DISCREPANCIES, DEAD_LETTERS, ACTIONS)
    try:
        return TopicFacts({name: stream.read(name) for name in topics}, {})
    finally:
        stream.disconnect()


def shown(stage: Stage, panel: Panel, *labels: str) -> Figures:
    """What a panel shows, by the values of these labels; zeros are left out."""
    return {tuple(own[name] for name in labels): round(value) for own, value in stage.shown(panel) if value}


def gauge(stage: Stage, expression: str, *labels: str) -> Figures:
    """What the query behind a panel gives in minor units, where the panel itself shows whole ones."""
    found = stage.system.query(expression)
    return {tuple(one["metric"][name] for name in labels): round(float(one["value"][1])) for one in found if float(one["value"][1])}


def counted(keys: Iterable[tuple[str, ...]]) -> Figures:
    """How often each."""
    return dict(Counter(keys))


def test_every_record_has_the_outcome_that_is_shown(stage: Stage, facts: TopicFacts) -> None:
    """By the last word on each: what was parked and healed is no longer deferred."""
    judged = facts.judged()
    assert judged.keys() == {(record.partition, record.offset) for record in facts.records[EVENTS]}
    told = gauge(stage, "sum by (outcome) (asiento_accounted_records)", "outcome")
    assert told == counted((outcome,) for outcome, _ in judged.values())
    assert gauge(stage, "asiento_unaccounted_records", "partition") == {}


def _resolved(facts: TopicFacts) -> set[str]:
    """Subjects that an operator closed."""
    return {action["subject"] for _, action in facts.values(ACTIONS) if action["kind"] in {"RESOLVE", "REPLAY"}}


def test_open_discrepancies(stage: Stage, facts: TopicFacts) -> None:
    newest: dict[str, Mapping[str, Any]] = {value["discrepancy_id"]: value for _, value in facts.values(DISCREPANCIES)}
    resolved = _resolved(facts)
    open_ones = [one for one in newest.values() if one["state"] == "OPEN" and one["discrepancy_id"] not in resolved]
    told = shown(stage, Panel("discrepancies", "Open, by code"), "code", "severity")
    assert told == counted((one["code"], one["severity"].lower()) for one in open_ones)


def test_parked_and_rejected_events(stage: Stage, facts: TopicFacts) -> None:
    judged = facts.judged()
    parked = counted((str(code),) for outcome, code in judged.values() if outcome == "deferred")
    assert shown(stage, Panel("discrepancies", "Parked, by code"), "code") == parked


def test_dead_letters(stage: Stage, facts: TopicFacts) -> None:
    resolved = _resolved(facts)
    letters = [
        value for _, value in facts.values(DEAD_LETTERS) if f"{value['topic']}/{value['partition']}/{value['offset']}" not in resolved
    ]
    assert shown(stage, Panel("discrepancies", "Dead letters, by reason"), "code") == counted((value["reason"],) for value in letters)


def _legs(facts: TopicFacts) -> Iterator[tuple[str, str, int, str]]:
    """Account, currency, signed amount and entry kind of each leg of each entry on the stream."""
    seen: set[str] = set()
    for _, entry in facts.values(ENTRIES):
        if entry["entry_id"] not in seen:
            seen.add(entry["entry_id"])
            for leg in entry["postings"]:
                yield leg["account"], entry["currency"], leg["amount"] if leg["side"] == "DEBIT" else -leg["amount"], entry["entry_kind"]


def test_money_in_and_booked(stage: Stage, facts: TopicFacts) -> None:
    money: Counter[tuple[str, ...]] = Counter()
    for _, currency, amount, kind in _legs(facts):
        if kind == "capture" and amount > 0:
            money[currency,] += amount
    assert gauge(stage, "sum by (currency) (asiento_money_in)", "currency") == dict(money)
    assert gauge(stage, "sum by (currency) (asiento_money_booked)", "currency") == dict(money)


def test_balances_that_must_come_to_rest(stage: Stage, facts: TopicFacts) -> None:
    balances: Counter[tuple[str, ...]] = Counter()
    for account, currency, amount, _ in _legs(facts):
        balances[account, currency] += amount
    told = gauge(stage, "sum by (account, currency) (asiento_account_balance)", "account", "currency")
    assert told
    assert told == {place: amount for place, amount in balances.items() if amount and place in told}
    assert {"accounts_receivable", "contract_liability"} <= {account for account, _ in told}
    assert gauge(stage, "asiento_trial_balance_difference", "currency") == {}


def test_the_ledger_holds_what_is_shown(stage: Stage, facts: TopicFacts) -> None:
    entries = {entry["entry_id"]: record.partition for record, entry in reversed(list(facts.values(ENTRIES)))}
    with closing(sqlite3.connect(f"file:{stage.ledger_path}?mode=ro", uri=True)) as ledger:
        booked = {entry_id for (entry_id,) in ledger.execute("SELECT entry_id FROM entry")}
    assert booked == entries.keys()
    assert gauge(stage, "asiento_tie_out_entries", "ledger") == {("ledger",): len(entries)}
    chain = shown(stage, Panel("ledgers", "Length of the chain"), "partition")
    assert chain == counted((str(partition),) for partition in entries.values())
    assert shown(stage, Panel("ledgers", "Does it tie out?", query=1), "difference") == {}
    assert shown(stage, Panel("ledgers", "Not booked yet"), "ledger") == {}


def test_the_ledger_outside_holds_what_is_shown(stage: Stage, facts: TopicFacts) -> None:
    in_euro = {entry["entry_id"] for _, entry in facts.values(ENTRIES) if entry["currency"] == "EUR"}
    standing = gauge(stage, 'sum by (state) (asiento_postings_standing{state!="posted"})', "state")
    held = stage.outside.held()
    assert set(held.values()) == {1}
    assert len(held) + sum(standing.values()) == len(in_euro)


def test_nobody_is_behind(stage: Stage) -> None:
    for title in ("Behind, in records, from outside", "Behind, in records, as processes see it"):
        assert shown(stage, Panel("pipeline", title), "group", "topic") == {}
    assert shown(stage, Panel("overview", "Do all processes run?")) == {}
