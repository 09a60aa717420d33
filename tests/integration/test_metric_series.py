"""A real installation and many orders: how many series each process shows, of which sets, and whether they agree.

`make soak-metrics` has 48 partitions, the gate fewer.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from asiento.cli.event_producer import EventProducer
from asiento.cli.metrics_page import families, values_of
from asiento.runtime.metrics import labels
from asiento.runtime.settings import Settings, load_settings
from bench.prefill import messages
from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.lag_exporter.groups import watched_groups
from tests.acceptance.metrics_watch import health_url

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

PARTITIONS = int(os.environ.get("SERIES_PARTITIONS", "6"))
SERIES_MAX = 2_000
FEW, MANY = 200, 1_200
"""Events before the first and the second look."""
WAIT_SECONDS_MAX = 120.0
CHILDREN = ("worker-1", "sink-ledger", "projector", "sweeper", "lag-exporter")
NAMED_BY_SETTINGS: Mapping[str, Callable[[Settings], set[str]]] = {
    labels.PARTITION.meaning: lambda settings: {str(number) for number in range(settings.partitions)},
    labels.GROUP.meaning: lambda settings: {group.name for group in watched_groups(settings)},
    labels.TOPIC.meaning: lambda settings: {topic for group in watched_groups(settings) for topic in group.topics},
}

Looked = dict[str, list[Sample]]
"""Process -> what it shows."""


class Installation:
    """`asiento up` on the broker of the tests."""

    def __init__(self, kafka: str, prefix: str, directory: Path) -> None:
        own = {
            "kafka_bootstrap_servers": kafka,
            "topic_prefix": prefix,
            "app_id": prefix.rstrip("-"),
            "partitions": PARTITIONS,
            "replication_factor": 1,
            "min_insync_replicas": 1,
            "data_dir": directory,
            "kafka_session_timeout_seconds": 20,
            "kafka_producer_request_timeout_seconds": 15,
            "chunk_age_seconds_max": 45,
        }
        self.settings = load_settings(own)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
        environment |= {f"ASIENTO_{name.upper()}": str(value) for name, value in own.items()} | {"ASIENTO_LOG_FORMAT": "json"}
        self._logs = directory / "logs"
        self._log = directory / "up.log"
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "asiento.cli.main", "up", "--workers", "1"]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def look(self) -> Looked:
        """What every process shows; raises `OSError` while one of them does not answer."""
        urls = {"up": health_url(self._log), **{name: health_url(self._logs / f"{name}.log") for name in CHILDREN}}
        found = {}
        for name, url in urls.items():
            if url is None:
                raise OSError(f"{name} does not listen yet")
            with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
                text = answer.read().decode()
            found[name] = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return found

    def wait(self, condition: Callable[[Looked], bool], what: str) -> Looked:
        """Look until a condition holds."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, f"not within {WAIT_SECONDS_MAX:.0f} s: {what}"
            try:
                looked = self.look()
            except OSError:
                looked = {}
            if looked and condition(looked):
                return looked
            time.sleep(0.5)

    def stop(self) -> None:
        """SIGTERM, and the end."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        finally:
            self._process.kill()


def total(samples: list[Sample], name: str, **wanted: str) -> float:
    """The sum of all series with these labels; -1 where there is none."""
    found = [one.value for one in samples if one.name == name and wanted.items() <= one.labels.items()]
    return sum(found) if found else -1


@pytest.fixture(scope="module")
def installation(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(kafka, "series-", tmp_path_factory.mktemp("series"))
    try:
        yield made
    finally:
        made.stop()


def send(installation: Installation, first: int, end: int) -> None:
    async def produce() -> None:
        async with EventProducer(installation.settings) as producer:
            for message in islice(messages(1, end), first, end):
                await producer.send(message)

    asyncio.run(produce())


def done(installation: Installation, sent: int) -> Callable[[Looked], bool]:
    """Whether everything on the events topic is accounted for, what was sent and what the sweeper told, and no group has anything left."""
    settings = installation.settings

    def holds(looked: Looked) -> bool:
        lags = {
            group: total(looked["lag-exporter"], "asiento_group_lag_records", group=group.name) for group in watched_groups(settings)[:3]
        }
        there = sent + total(looked["sweeper"], "asiento_deadlines_told_total")
        seen = (total(looked["worker-1"], "asiento_records_consumed_total"), total(looked["projector"], "asiento_accounted_records"))
        return seen == (there, there) and set(lags.values()) == {0.0}

    return holds


def test_series_are_few_of_closed_sets_and_the_same_for_any_number_of_orders(installation: Installation) -> None:
    installation.wait(lambda looked: total(looked["worker-1"], "asiento_lag_records") == 0, "the worker reads all partitions")
    send(installation, 0, FEW)
    few = installation.wait(done(installation, FEW), "the first events are done with, as every process sees it")
    send(installation, FEW, MANY)
    many = installation.wait(done(installation, MANY), "all events are done with, as every process sees it")
    series = {name: len(samples) for name, samples in many.items()}
    logging.getLogger(__name__).warning("series of each process: %s", series)
    assert max(series.values()) <= SERIES_MAX
    by_sample = {sample: family for family in families() for sample in family.samples}
    for samples in many.values():
        for sample in samples:
            family = by_sample.get(sample.name)
            assert family is not None or sample.name.startswith("process_"), sample.name
            for name, value in sample.labels.items():
                if family is None or name == "le":
                    continue
                label = family.labels[name]
                known = NAMED_BY_SETTINGS.get(label.meaning, lambda _, of=label: set(values_of(of)))(installation.settings)
                assert not known or value in known, sample
    added = {
        (name, sample.name, *sample.labels.items())
        for name in many
        for sample in many[name]
        if (sample.name, sample.labels) not in [(one.name, one.labels) for one in few[name] if one.name == sample.name]
    }
    assert {sample for _, sample, *_ in added} <= {
        "asiento_entries_emitted_total",
        "asiento_open_items",
        "asiento_open_items_oldest_seconds",
    }, "other codes and kinds, and nothing else"


def test_what_processes_say_agrees(installation: Installation) -> None:
    """In the state that the test before has left."""
    looked = installation.wait(done(installation, MANY), "all events are done with")
    settings = installation.settings
    worker, projector, ledger = looked["worker-1"], looked["projector"], looked["sink-ledger"]
    entries = total(worker, "asiento_entries_emitted_total")
    assert total(worker, "asiento_entry_age_seconds_count") == entries == total(ledger, "asiento_booked_age_seconds_count")
    assert total(projector, "asiento_unaccounted_records") == 0
    for outcome in values_of(labels.OUTCOME):
        judged, healed = (total(worker, f"asiento_{name}_total", outcome=outcome) for name in ("records_consumed", "healed_events"))
        parked_before = total(worker, "asiento_healed_events_total") if outcome == "deferred" else 0
        assert total(projector, "asiento_accounted_records", outcome=outcome) == judged + healed - parked_before
    members = {group: total(looked["lag-exporter"], "asiento_group_members", group=group.name) for group in watched_groups(settings)[:3]}
    assert list(members.values()) == [1, 0, 0]
    for topic in (ORDERS_EVENTS, ACCOUNTING_ENTRIES):
        seconds = total(looked["lag-exporter"], "asiento_group_lag_seconds", topic=settings.topic(topic))
        assert seconds == 0, "markers of transactions at the end of a topic are no lag"
