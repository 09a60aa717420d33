"""The checks of a chaos run can fail: each real fault, planted where it would stand, is found; so is a worker that is not fenced."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.acceptance import chaos_checks
from tests.acceptance.chaos_checks import Scene, findings
from tests.acceptance.chaos_load import Truth
from tests.acceptance.chaos_system import ChaosSystem, Shape, chaos_system
from tests.acceptance.chaos_word import check_metrics, check_what_the_product_says
from tests.acceptance.topic_facts import DECISIONS, DISCREPANCIES, ENTRIES, EVENTS
from tests.integration.order_stream import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(600)]

RECORDS = 1_200


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChaosSystem]:
    """A run to which nothing was done, with the ledger in a file; its processes have ended."""
    shape = Shape(seed=9, database="sqlite", lives=15, behind_records=RECORDS)
    with chaos_system(shape, tmp_path_factory.mktemp("calm")) as system:
        system.load.send(RECORDS)
        system.start()
        system.drain()
        yield system


def test_a_calm_run_is_right_and_its_counters_are_the_truth(calm: ChaosSystem) -> None:
    assert findings(calm.scene()) == {}
    check_what_the_product_says(calm)
    check_metrics(calm, calm.load.truth.outcomes(), exactly=True)


def changed(calm: ChaosSystem, *statements: str) -> dict[str, list[str]]:
    """The findings after these changes to a copy of the ledger that nothing protects any more."""
    original = Path(calm.ledger.url.removeprefix("sqlite:///"))
    copy = original.with_name("changed.sqlite")
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            target.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            target.execute(statement)
        target.commit()
    scene = calm.scene()
    return findings(Scene(scene.kafka, scene.prefix, type(scene.ledger)(f"sqlite:///{copy}"), scene.truth))


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE posting SET amount = amount + 1 WHERE entry_no = 5",),
        ("UPDATE posting SET account = 'cash' WHERE entry_no = 5 AND line = 1",),
        ("DELETE FROM posting WHERE entry_no = 5", "DELETE FROM entry WHERE entry_no = 5"),
        (
            "INSERT INTO posting SELECT 1000000, line, account, side, amount, book_amount, dimensions FROM posting WHERE entry_no = 5",
            "CREATE TABLE kept AS SELECT * FROM entry WHERE entry_no = 5",
            "UPDATE kept SET entry_no = 1000000, entry_id = 'again', reverses = NULL",
            "INSERT INTO entry SELECT * FROM kept",
        ),
    ],
    ids=["altered amount", "another account", "lost", "doubled"],
)
def test_what_is_wrong_in_the_ledger_is_found(calm: ChaosSystem, statements: tuple[str, ...]) -> None:
    assert list(changed(calm, *statements)) == [chaos_checks.booked_is_what_the_oracle_tells.__name__]


@pytest.mark.parametrize(
    ("topic", "check"),
    [
        (ENTRIES, chaos_checks.emitted_is_what_the_oracle_tells),
        (DECISIONS, chaos_checks.every_offset_is_decided_once_and_rightly),
        (EVENTS, chaos_checks.what_was_sent_stands_on_the_topic),
    ],
    ids=["entry", "decision", "event"],
)
def test_a_record_that_is_there_twice_is_found(calm: ChaosSystem, topic: str, check: Callable[..., Iterator[str]]) -> None:
    """Found before by no check, and afterwards by the one that is there for it."""
    scene = calm.scene()
    partition = next(number for number in range(scene.truth.partitions) if scene.end(topic, number))
    assert not list(check(scene, partition))
    newest = list(scene.records(topic, partition))[-1]
    producer = Producer({"bootstrap.servers": scene.kafka})
    producer.produce(f"{scene.prefix}{topic}", newest.value, newest.key, partition)
    assert producer.flush(30) == 0
    assert list(check(scene, partition))


def test_a_discrepancy_that_nobody_expects_is_found(calm: ChaosSystem) -> None:
    """As seen by a truth in which nothing was sent."""
    scene = calm.scene()
    partition = next(number for number in range(scene.truth.partitions) if scene.end(DISCREPANCIES, number))
    assert not list(chaos_checks.discrepancies_are_raised(scene, partition))
    nothing = Scene(scene.kafka, scene.prefix, scene.ledger, Truth((), scene.truth.partitions))
    assert list(chaos_checks.discrepancies_are_raised(nothing, partition))


def test_a_worker_without_fencing_is_found(tmp_path: Path) -> None:
    """A real worker with a real defect: frozen in its commit, it wakes up when another has judged its records, and is not refused."""
    with chaos_system(Shape(seed=9, database="sqlite", lives=15, behind_records=RECORDS), tmp_path) as system:
        system.load.send(RECORDS)
        zombie = system.start_worker("w1", unsafe="no-fencing,stop:after_offsets:3", merged_records_max=20)
        wait_until(zombie.is_stopped, "the worker froze in its commit")
        system.start_worker("w2", unsafe="no-fencing").wait_ready()
        system.load.finish()
        wait_until(lambda: system.stream.lag() == 0, "another has judged all of it")
        zombie.process.send_signal(signal.SIGCONT)
        check = chaos_checks.every_offset_is_decided_once_and_rightly
        found: list[str] = []

        def seen() -> bool:
            found[:] = [line for partition in range(system.stream.partitions) for line in check(system.scene(), partition)]
            return bool(found)

        wait_until(seen, "the second judgement is seen")
        assert any("decided twice" in line for line in found), found
