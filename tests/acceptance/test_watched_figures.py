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
from tests.acceptance.phase_figures import SCRAPE_SECONDS, Phase, balance_days, bucket_bounds, ended_at, parked_since, raised_since
from tests.acceptance.planted_problems import sent
from tests.acceptance.topic_facts import ACTIONS, DEAD_LETTERS, DISCREPANCIES, ENTRIES, EVENTS, TOPICS, TopicFacts
from tests.acceptance.watched_faults import frozen, outside_unreachable, together
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
        _at_rest(stage)
        yield stage


def _compared_at(stage: Stage) -> float:
    """When the ledger was compared last, as Prometheus knows it; seconds since the epoch."""
    return stage.system.prometheus.value("min(asiento_tie_out_last_run_timestamp_seconds)") or 0.0


def _at_rest(stage: Stage) -> None:
    """No orders come any more, all of them are done, and everybody has told so."""
    stage.orders_pause.set()
    calm = stage.wait(lambda: _all_zero(stage), CALM_SECONDS_MAX)
    assert calm is not None, stage.system.query("asiento_group_lag_records > 0 or asiento_posting_oldest_seconds > 0")
    settled = time.time() + SETTLED_SECONDS
    assert stage.wait(lambda: _compared_at(stage) > settled, 3 * SETTLED_SECONDS) is not None


def _all_zero(stage: Stage) -> bool:
    """Nobody is behind, and everybody has been asked."""
    behind = "sum(asiento_group_lag_records) + sum(asiento_posting_oldest_seconds) + sum(asiento_unbooked_entries) + sum(up == bool 0)"
    return stage.system.prometheus.value(behind) == 0


@pytest.fixture(scope="module")
def facts(stage: Stage) -> TopicFacts:
    """What stands on the topics, read by fastavro alone."""
    return _read(stage)


def _read(stage: Stage) -> TopicFacts:
    stream = OrderStream(stage.broker, "", stage.folder, PARTITIONS)
    try:
        return TopicFacts({name: stream.read(name) for name in TOPICS}, {})
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


# Rates, quantiles and ages.

HELD_UP_SECONDS: Final = (("sink-ledger", 12.0), ("worker-1", 3.0), ("worker-2", 3.0))
"""Who stands still for how long while orders come, so that not all ages are the same; workers for less than their session."""
FLOWING_SECONDS: Final = 15.0
ROUND_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 5.0
TOLD_SECONDS: Final = 2.0
"""How long a process may take to look and to tell, beside the time between two looks, and Prometheus to ask."""
BALANCES: Final = "Balances that must come to rest"
STEP_SECONDS, STEP_POINT = 30, "35s"
"""Points half a minute apart; Grafana has rates over a point and one scrape more, so that nothing is counted twice or left out."""
STEP_SHARE: Final = 0.2
"""A scrape that comes a moment early or late falls on both sides of an edge or on neither: one of the six of a point."""

Grown = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def phase(stage: Stage) -> Phase:
    """Orders come once more, nothing dies, some stand still for a moment; then all is at rest again."""
    stage.webhooks_pause.set()
    stage.wait(lambda: False, 2 * SCRAPE_SECONDS)
    began = time.time()
    stage.wait(lambda: False, 2 * SCRAPE_SECONDS)
    stage.orders_pause.clear()
    for name, seconds in HELD_UP_SECONDS:
        with frozen(name)(stage):
            stage.wait(lambda: False, seconds)
    stage.wait(lambda: False, FLOWING_SECONDS)
    _at_rest(stage)
    found = Phase(began, time.time(), _read(stage), stage.ledger_path)
    again = f"sum(changes(process_start_time_seconds[{found.window}]))"
    assert stage.system.prometheus.query(again, found.ended)[0]["value"][1] == "0", "a process was started again"
    return found


RATES: Final = {
    "outcomes": (Panel("pipeline", "Records judged, by outcome"), ("outcome",), Phase.outcomes),
    "entries": (Panel("pipeline", "Entries made, by kind"), ("entry_kind",), Phase.entry_kinds),
    "projected": (Panel("pipeline", "Records projected, by topic"), ("topic",), Phase.by_topic),
    "booked": (Panel("ledgers", "Embedded ledger: entries, by result"), ("result",), Phase.booked_by_result),
    "acks": (Panel("ledgers", "Acks"), ("ledger", "status"), Phase.acks),
}


@pytest.mark.parametrize("name", RATES)
def test_rates_are_what_was_done(stage: Stage, phase: Phase, name: str) -> None:
    """Prometheus reckons what a window grew by up to its edges, so it says what was counted or a little more, never less."""
    panel, labels, count = RATES[name]
    seconds = float(phase.window.rstrip("s"))
    grown = {
        tuple(own[label] for label in labels): value * seconds for own, value in stage.shown(panel, phase.window, phase.ended) if value
    }
    done = count(phase)
    assert min(done.values()) > 0
    assert grown.keys() == done.keys()
    assert all(number * 0.999 <= grown[key] <= number * phase.factor_max * 1.001 for key, number in done.items()), (grown, done)


@pytest.mark.parametrize("name", ["outcomes", "entries", "booked"])
def test_a_picture_of_rates_adds_up_to_what_was_done(stage: Stage, phase: Phase, name: str) -> None:
    panel, labels, count = RATES[name]
    drawn = stage.drawn(panel, STEP_POINT, STEP_SECONDS, phase.began, phase.ended)
    done = sum(count(phase).values())
    assert len(labels) <= len(next(iter(drawn)))
    assert sum(drawn.values()) * STEP_SECONDS == pytest.approx(done, rel=STEP_SHARE)


QUANTILES: Final = {
    "made, 50 of 100": (0, 0.50, Phase.entry_ages),
    "made, 99 of 100": (1, 0.99, Phase.entry_ages),
    "booked, 99 of 100": (2, 0.99, Phase.booked_ages),
}


@pytest.mark.parametrize("name", QUANTILES)
def test_quantiles_lie_in_the_bucket_of_the_true_one(stage: Stage, phase: Phase, name: str) -> None:
    query, share, ages = QUANTILES[name]
    ((_, told),) = stage.shown(Panel("pipeline", "Time to the entry, and to the books", query), phase.window, phase.ended)
    low, high = bucket_bounds(*ages(phase), share)
    assert low <= told <= high, sorted(ages(phase)[0])


def _since(stage: Stage, panel: Panel, label: str, at: float) -> Grown:
    """Since when the oldest of each waits, by the age that a panel shows."""
    told: Grown = {}
    for own, age in stage.shown(panel, at=at):
        told[own[label],] = min(at - age, told.get((own[label],), at))
    return told


def test_ages_of_what_is_open_count_from_what_stands_on_the_topics(stage: Stage, phase: Phase) -> None:
    at, late = phase.ended, LOOK_SECONDS + SCRAPE_SECONDS + TOLD_SECONDS
    for title, true in (
        ("Parked, by code", parked_since(phase.facts)),
        ("Open, by code", raised_since(phase.facts, _resolved(phase.facts))),
    ):
        told = _since(stage, Panel("discrepancies", title, query=1), "code", at)
        assert told.keys() == true.keys()
        assert all(-0.5 <= told[key] - min(since, at) <= late for key, since in true.items()), (title, told, true)


def test_ages_of_balances_are_those_of_what_came_first(stage: Stage, phase: Phase) -> None:
    days, at = balance_days(phase.facts), phase.ended
    late = ROUND_SECONDS + SCRAPE_SECONDS + TOLD_SECONDS
    told = {(own["account"], own["currency"]): age for own, age in stage.shown(Panel("ledgers", BALANCES, query=1), at=at)}
    true = {place: max(0.0, at - ended_at(days[place])) if place in days else 0.0 for place in told}
    assert any(true.values())
    assert all(0 <= true[place] - age <= late for place, age in told.items()), (told, true)


def _oldest_after(stage: Stage, topic: str, began: float) -> float:
    """When the first record of a topic since then was written; seconds since the epoch."""
    return min(record.timestamp_ms for record in _read(stage).records[topic] if record.timestamp_ms >= began * 1000) / 1000


def _assert_age(stage: Stage, expression: str, true: float, late: float) -> None:
    at = time.time()
    told = at - float(stage.system.prometheus.query(expression, at)[0]["value"][1])
    assert -0.5 <= told - true <= late, f"{expression}: since {told}, it is since {true}"


def test_ages_of_what_is_held_up_grow_from_its_record_on(stage: Stage, phase: Phase) -> None:
    """Last of all, as workers that stood still for so long are started again."""
    plain = (stage.problem("late_capture").intended for _ in range(100))  # the ledger outside takes euros
    began = time.time()
    waits = "asiento_unbooked_oldest_seconds > 0 and on() (asiento_posting_oldest_seconds > 20)"
    with together(frozen("sink-ledger"), outside_unreachable)(stage):
        stage.send(sent(next(one for one in plain if one[0]["currency"] == "EUR")))
        assert stage.wait(lambda: bool(stage.system.query(waits)), CALM_SECONDS_MAX) is not None
        entry_at = _oldest_after(stage, ENTRIES, began)
        _assert_age(stage, "max(asiento_unbooked_oldest_seconds)", entry_at, ROUND_SECONDS + SCRAPE_SECONDS + TOLD_SECONDS)
        _assert_age(stage, "max(asiento_posting_oldest_seconds)", entry_at, LOOK_SECONDS + SCRAPE_SECONDS + TOLD_SECONDS)
    began = time.time()
    with together(frozen("worker-1"), frozen("worker-2"))(stage):
        stage.send(stage.problem("gap").arrives)
        behind = Panel("pipeline", "Behind, in seconds, from outside").expression()
        orders = f'max(({behind}) and on (group) asiento_group_lag_seconds{{group=~".+-orders"}})'
        assert stage.wait(lambda: (stage.system.prometheus.value(orders) or 0) > 15, CALM_SECONDS_MAX) is not None
        _assert_age(stage, orders, _oldest_after(stage, EVENTS, began), LOOK_SECONDS + SCRAPE_SECONDS + TOLD_SECONDS)
