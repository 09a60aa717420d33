"""The runbooks of alerts against the real faults: each command is run as it is written, what mends it mends it: `make soak-runbooks`."""

import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import yaml
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.topics import ORDERS_EVENTS
from tests.acceptance.alert_trials import AlertTrial, hurried_rules
from tests.acceptance.chaos_options import SEED
from tests.acceptance.watched_faults import outside_answers, outside_unreachable, silent_shop
from tests.acceptance.watched_stage import LEDGER_OUTSIDE, WEBHOOK_SECONDS, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(3_600)]

SEEN_SECONDS_MAX: Final = 120.0
OVER_SECONDS_MAX: Final = 400.0
"""Credentials are tried again every five minutes."""
BURST: Final = 60
LEFT_OUT: Final = 3
WHY: Final = "tried on a fault"
LIST, PLANNED = "asiento postings list CONNECTION", "asiento postings list CONNECTION --state planned"
UNCERTAIN, SHOW = "asiento postings list CONNECTION --state uncertain", "asiento postings show CONNECTION KEY"
RELEASE_MAPPING: Final = 'asiento postings release CONNECTION --parked-for mapping --reason "WHY"'
CHECK: Final = "asiento mapping check FILE --connection CONNECTION"
OF_PARKED: Final = (
    CHECK,
    'asiento postings confirm CONNECTION KEY --remote-id ID --reason "WHY"',
    'asiento postings retry CONNECTION KEY --reason "WHY"',
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The whole installation, at rest, with rules that do not wait for hours."""
    with Stage(tmp_path_factory.mktemp("runbooks"), SEED, hurried_rules()) as stage:
        assert stage.wait(lambda: stage.system.prometheus.value("sum(asiento_posting_oldest_seconds)") == 0, SEEN_SECONDS_MAX) is not None
        yield stage


def _wait_alert(stage: Stage, name: str, cause: str, seconds: float = SEEN_SECONDS_MAX) -> None:
    stage.system.wait_alert(f"Asiento{name}", seconds, {"cause": cause})


def _wait_over(stage: Stage, name: str, cause: str) -> None:
    stage.system.wait_no_alert(f"Asiento{name}", OVER_SECONDS_MAX, {"cause": cause})


# The ledger outside.


def _key(stage: Stage, state: str, attempts_min: int = 0) -> str:
    """Of the first document in a state that was tried so often, waited for."""
    found: list[str] = []

    def there() -> bool:
        listed = orjson.loads(stage.say("postings", "list", LEDGER_OUTSIDE, "--state", state, "--json"))
        found[:] = [document["key"] for document in listed["documents"] if document["attempts"] >= attempts_min]
        return bool(found)

    assert stage.wait(there, SEEN_SECONDS_MAX) is not None, f"no document is {state}"
    return found[0]


def _delivery(stage: Stage, key: str, says: Mapping[str, tuple[str, ...]], *, parked: bool = False) -> AlertTrial:
    values = {
        "CONNECTION": LEDGER_OUTSIDE,
        "KEY": key,
        "FILE": str(stage.folder / "accounts.yaml"),
        "ID": "4711",
        "WHY": WHY,
    }
    return AlertTrial(
        stage, "asiento-ledger-delivery", values, says, ends={CHECK: (1,)} if parked else {}, unfit=() if parked else OF_PARKED
    )


@contextmanager
def _revoked_key(stage: Stage) -> Iterator[None]:
    """The file of the key holds one that is good no more; the good one is put there again."""
    file = stage.folder / "erp-key.txt"
    good = file.read_text(encoding="utf-8")
    file.write_text("a key that was revoked", encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(good, encoding="utf-8")


@contextmanager
def _there(stage: Stage, usual: dict[str, Any], **changed: Any) -> Iterator[None]:
    """Something is otherwise in the ledger outside."""
    stage.outside.set(**changed)
    try:
        yield
    finally:
        stage.outside.set(**usual)


def test_the_ledger_outside_refuses_the_key(stage: Stage) -> None:
    with _revoked_key(stage):
        _wait_alert(stage, "LedgerDelivery", "credentials")
        trial = _delivery(stage, _key(stage, "planned"), {LIST: (f"{LEDGER_OUTSIDE} pauses until", "auth"), PLANNED: ("PLANNED",)})
        trial.look()
    _wait_over(stage, "LedgerDelivery", "credentials")
    trial.over()


def test_the_ledger_outside_is_away_for_too_long(stage: Stage) -> None:
    """Its page, and those of both burn rates: the same fault, seen sooner and later."""
    with outside_unreachable(stage):
        _wait_alert(stage, "LedgerDelivery", "breaker")
        for burn in ("Fast", "Slow"):
            _wait_alert(stage, f"DeliveryBurn{burn}", "burn")
        key = _key(stage, "planned", attempts_min=1)
        trial = _delivery(stage, key, {PLANNED: (key, "PLANNED after"), SHOW: (key, "attempt 1")})
        trial.look()
        values = {"CONNECTION": LEDGER_OUTSIDE, "KEY": key, "REASON": "dependency", "WHY": WHY}
        for page in ("asiento-delivery-burn-fast", "asiento-delivery-burn-slow"):
            AlertTrial(stage, page, values, {PLANNED: (key,), SHOW: (key,), LIST: ("PLANNED",)}).look()
    for name, cause in (("LedgerDelivery", "breaker"), ("DeliveryBurnFast", "burn"), ("DeliveryBurnSlow", "burn")):
        _wait_over(stage, name, cause)
    trial.over()


def test_it_is_not_known_whether_a_document_stands_there(stage: Stage) -> None:
    with outside_answers(drop_after=100)(stage):
        key = _key(stage, "uncertain")
        with outside_unreachable(stage):
            _wait_alert(stage, "LedgerDelivery", "uncertain")
            _delivery(stage, key, {UNCERTAIN: (key, "UNCERTAIN"), SHOW: (key, "UNCERTAIN")}).look()
    _wait_over(stage, "LedgerDelivery", "uncertain")
    assert max(stage.outside.held().values()) == 1


def test_an_account_is_not_active_there(stage: Stage) -> None:
    with _there(stage, {"archived": []}, archived=["1100"]):
        _wait_alert(stage, "LedgerDelivery", "parked")
        key = _key(stage, "parked")
        trial = _delivery(
            stage,
            key,
            {LIST: (key, "PARKED", "mapping", "1100"), RELEASE_MAPPING: (key,), CHECK: ("1100",), SHOW: ("PARKED", "mapping")},
            parked=True,
        )
        trial.look()
    trial.mend(RELEASE_MAPPING)
    _wait_over(stage, "LedgerDelivery", "parked")
    trial.over()


def _listed(stage: Stage, code: str) -> list[dict[str, Any]]:
    return stage.listed("discrepancies", "--code", code)


@contextmanager
def _found_there(stage: Stage, code: str, usual: dict[str, Any], **changed: Any) -> Iterator[dict[str, Any]]:
    """Something is otherwise in the ledger outside, and is found when that is read back; gives the discrepancy that it raises."""
    file = stage.folder / "connections.yaml"
    connections: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    connections["connections"][LEDGER_OUTSIDE]["reconcile_days"] = 400  # the orders are of last spring
    file.write_text(yaml.safe_dump(connections), encoding="utf-8")
    stage.orders_pause.set()  # balances are compared where nothing is posted meanwhile
    try:
        assert stage.wait(lambda: stage.system.prometheus.value("sum(asiento_posting_oldest_seconds)") == 0, SEEN_SECONDS_MAX) is not None
        before = stage.system.asiento("reconcile", LEDGER_OUTSIDE)
        assert before.returncode == 0, before.stdout + before.stderr
        with _there(stage, usual, **changed):
            assert stage.system.asiento("reconcile", LEDGER_OUTSIDE).returncode == 1
            assert stage.wait(lambda: bool(_listed(stage, code)), SEEN_SECONDS_MAX) is not None
            yield _listed(stage, code)[0]
    finally:
        stage.orders_pause.clear()


RECONCILE: Final = "asiento reconcile CONNECTION"
EXAMPLES: Final = ("asiento reconcile books-es", "asiento reconcile")
"""Stand in the examples of what a discrepancy says."""


def test_the_ledger_outside_has_what_no_document_explains(stage: Stage) -> None:
    """The form of D18 that a ledger of files cannot have; its page is that of the code."""
    with _found_there(stage, "D18", {"carried": {}}, carried={"1000": 4_711, "1100": -4_711}) as found:
        shown = found["discrepancy_id"]
        values = {"CONNECTION": LEDGER_OUTSIDE, "DISCREPANCY_ID": shown, "NAME": "ana", "WHY": WHY}
        list_d18, show_d18 = "asiento discrepancies list --code D18", "asiento discrepancies show DISCREPANCY_ID"
        says = {RECONCILE: ("account 1000 moved", "account 1100 moved"), list_d18: (shown,), show_d18: ("1000",)}
        trial = AlertTrial(stage, "discrepancies/D18", values, says, {RECONCILE: (1,)}, unfit=EXAMPLES[:1])
        trial.look()
    trial.over()
    assert stage.wait(lambda: not _listed(stage, "D18"), SEEN_SECONDS_MAX) is not None


def test_a_document_was_deleted_in_the_ledger_outside(stage: Stage) -> None:
    key = _key(stage, "posted")
    posted = orjson.loads(stage.say("postings", "show", LEDGER_OUTSIDE, key, "--json"))
    with _found_there(stage, "D33", {"deleted": []}, deleted=[key]) as found:
        values = {
            "CONNECTION": LEDGER_OUTSIDE,
            "DISCREPANCY_ID": found["discrepancy_id"],
            "ENTRY_ID": posted["entry_ids"][0],
            "ORDER_KEY": found["order_key"],
            "NAME": "ana",
            "WHY": WHY,
        }
        says = {RECONCILE: ("missing",), "asiento discrepancies list --code D33": (found["discrepancy_id"],)}
        trial = AlertTrial(stage, "discrepancies/D33", values, says, {RECONCILE: (1,)}, unfit=EXAMPLES)
        trial.look()
    trial.over()
    assert stage.wait(lambda: not _listed(stage, "D33"), SEEN_SECONDS_MAX) is not None


# A source, records, and what became of them.


def test_a_shop_is_silent(stage: Stage) -> None:
    with silent_shop(stage):
        _wait_alert(stage, "WebhookSilent", "silent", WEBHOOK_SECONDS + SEEN_SECONDS_MAX)
        order_key = stage.problem("gap").order_key
        values = {
            "TENANT": "planted",
            "SOURCE": "shopify:main",
            "TOPIC": "orders/updated",
            "KIND/ID": "orders/4711",
            "ORDER_KEY": order_key,
        }
        show, ask = "asiento orders show ORDER_KEY", "asiento fetcher ask --tenant TENANT --source SOURCE --topic TOPIC KIND/ID"
        says = {"asiento gateway check": ("planted", "shopify:main"), ask: ("orders/4711",)}
        trial = AlertTrial(stage, "asiento-webhook-silent", values, says, {"asiento doctor": (0, 1), show: (1,)})
        trial.look()
        trial.mend(ask)
    _wait_over(stage, "WebhookSilent", "silent")


def test_a_burst_of_records_that_stand_in_the_wrong_place(stage: Stage) -> None:
    problems = [stage.problem("wrong_partition") for _ in range(BURST)]
    stage.send([one for problem in problems for one in problem.arrives])
    _wait_alert(stage, "DeadLetters", "burst")
    listed = stage.listed("dlq")
    assert len(listed) >= BURST
    replay = 'asiento dlq replay --refused-as REASON --reason "WHY" --dry-run'
    resolve = 'asiento dlq resolve SUBJECT --reason "WHY"'
    subject = listed[0]["subject"]
    values = {"SUBJECT": subject, "REASON": "wrong_partition", "WHY": WHY, "PATH=VALUE": "amount=4711"}
    says = {
        "asiento dlq list": ("Open, by reason:", "wrong_partition"),
        "asiento dlq show SUBJECT": (subject, "wrong_partition"),
        replay: (subject,),
        resolve: (subject,),
    }
    trial = AlertTrial(stage, "asiento-dead-letters", values, says)
    trial.look()
    for _ in range(2):  # a page of fifty at a time
        stage.say("dlq", "replay", "--refused-as", "wrong_partition", "--reason", WHY)
    for cause in ("open", "burst"):
        _wait_over(stage, "DeadLetters", cause)
    trial.over(dlq="")
    assert stage.listed("dlq") == []


def _operational(stage: Stage) -> Path:
    return stage.system.data_dir / "operational.sqlite"


def _forget_a_decision(stage: Stage) -> None:
    """A row of the operational database is lost; the projector counts anew after a start."""
    with closing(sqlite3.connect(_operational(stage), timeout=30, isolation_level=None)) as database:
        database.execute("DELETE FROM decision WHERE (partition, record_offset) IN (SELECT partition, record_offset FROM decision LIMIT 1)")
    stage.system.signal("projector", signal.SIGKILL)


def test_the_operational_database_has_lost_a_row(stage: Stage) -> None:
    offsets, rebuild = "asiento verify --offsets", "asiento operational rebuild --verify"
    _forget_a_decision(stage)
    _wait_alert(stage, "RecordsUnaccounted", "unaccounted")
    says = {offsets: ("every record is accounted for",), rebuild: ("decision",)}
    trial = AlertTrial(stage, "asiento-records-unaccounted", {"FILE": ""}, says, {rebuild: (1,)}, unfit=("asiento events send",))
    trial.look()
    database = _operational(stage)
    stage.system.signal("projector", signal.SIGSTOP)
    for name in ("", "-wal", "-shm"):
        database.with_name(f"{database.name}{name}").rename(stage.folder / f"lost{name}")
    stage.system.signal("projector", signal.SIGKILL)
    _wait_over(stage, "RecordsUnaccounted", "unaccounted")
    trial.over(offsets="every record is accounted for")


def _set_group(stage: Stage, partition: int, wanted: Callable[[int, int], int | None]) -> int:
    """Set the committed offset of the workers by hand, as one can when none of them is there; answers what it was.

    wanted: told what is committed and where the partition ends, answers what is to be committed; None while it is too early.
    """
    group = Consumer({"bootstrap.servers": stage.broker, "group.id": "asiento-orders", "enable.auto.commit": False})
    workers = [name for name in stage.system.processes() if name.startswith("worker-")]
    was: list[int] = []

    def done() -> bool:
        place = TopicPartition(ORDERS_EVENTS, partition)
        was.append(group.committed([place], timeout=SEEN_SECONDS_MAX)[0].offset)
        offset = wanted(was[-1], group.get_watermark_offsets(place, timeout=SEEN_SECONDS_MAX)[1])
        if offset is None:
            return False
        try:
            group.commit(offsets=[TopicPartition(ORDERS_EVENTS, partition, offset)], asynchronous=False)
        except KafkaException:
            return False  # the group has members until their session is over
        return True

    for worker in workers:
        stage.system.signal(worker, signal.SIGSTOP)
    try:
        assert stage.wait(done, SEEN_SECONDS_MAX) is not None, "the group's offset cannot be set"
    finally:
        for worker in workers:
            stage.system.signal(worker, signal.SIGKILL)  # what it has read already is not to be judged; it is started again
        group.close()
    return was[-1]


def _offset_faults(stage: Stage) -> set[str]:
    """What verify finds, by the names of its faults."""
    said = orjson.loads(stage.system.asiento("verify", "--offsets", "--json").stdout)
    return {fault for fault, number in said["faults"].items() if number}


def test_the_group_was_set_beyond_records(stage: Stage) -> None:
    """Behind those that want a clean verify: the topics keep what was told late and twice."""
    offsets, rebuild = "asiento verify --offsets", "asiento operational rebuild --verify"
    left_out = _set_group(stage, 0, lambda committed, end: committed + LEFT_OUT if end >= committed + LEFT_OUT else None)
    _wait_alert(stage, "RecordsUnaccounted", "unaccounted")
    says = {offsets: ("partition 0", "never decided")}
    ends = {offsets: (1,), "asiento verify --json": (1,)}
    AlertTrial(stage, "asiento-records-unaccounted", {"FILE": ""}, says, ends, unfit=("asiento events send",)).look()
    _set_group(stage, 0, lambda *_: left_out)
    _wait_over(stage, "RecordsUnaccounted", "unaccounted")
    assert stage.system.prometheus.value('asiento_unaccounted_records{partition="0"}') == 0
    assert {"gap"} <= _offset_faults(stage) <= {"gap", "overlap", "decided_twice"}
    stage.say(*rebuild.split()[1:])


@contextmanager
def _calls_of_a_day(stage: Stage, number: int) -> Iterator[None]:
    file = stage.folder / "connections.yaml"
    usual = file.read_text(encoding="utf-8")
    limited: dict[str, Any] = yaml.safe_load(usual)
    limited["connections"][LEDGER_OUTSIDE]["limits"] = {"per_day": number}
    try:
        for text in (yaml.safe_dump(limited), None):
            file.write_text(usual if text is None else text, encoding="utf-8")
            stage.system.signal(f"sink-{LEDGER_OUTSIDE}", signal.SIGKILL)  # it is started again, and reads it
            if text is not None:
                yield
    finally:
        file.write_text(usual, encoding="utf-8")


def test_the_calls_of_the_day_are_used_up(stage: Stage) -> None:
    """Last of all: the pause lasts until the next UTC day, whatever the connection says later."""
    with _calls_of_a_day(stage, 10):
        _wait_alert(stage, "LedgerDelivery", "quota")
        trial = _delivery(stage, _key(stage, "planned"), {LIST: (f"{LEDGER_OUTSIDE} pauses until", "quota")})
        trial.look()
