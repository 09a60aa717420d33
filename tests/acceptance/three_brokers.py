"""An installation on three brokers, kept running: whoever ends for a known cause is started again, anything else fails the test."""

import threading
import time
from collections.abc import Callable

from confluent_kafka import KafkaException

from tests.acceptance.load import Load
from tests.acceptance.nemesis import EXCUSED
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import POLL_SECONDS, Worker
from tests.kafka_cluster import KafkaCluster, Roles

WORKERS = ("w1", "w2")
SLICE_RECORDS = 40
SLICE_SECONDS = 0.5
WAIT_SECONDS_MAX = 120.0
LOOK_SECONDS = 1.0
"""Longest wait for one answer: whoever has died meanwhile is to be started again at once."""
RESTARTS_MAX = 60


class Installation:
    """Two static workers and the sink under a steady load. Call `start`, do harm between calls of `wait_working`, then `drain`."""

    def __init__(self, cluster: KafkaCluster, pipeline: OrderPipeline, load: Load) -> None:
        self.cluster = cluster
        self.pipeline = pipeline
        self.excused: list[tuple[str, int]] = []
        self._load = load
        self._workers: dict[str, Worker] = {}
        self._full = threading.Event()
        self._failed: list[BaseException] = []
        self._sender = threading.Thread(target=self._send, name="load", daemon=True)

    def start(self) -> None:
        """Workers, sink, load."""
        for name in WORKERS:
            self._start_worker(name)
        self.pipeline.sink.start()
        self._sender.start()
        self.wait_working()

    def roles(self) -> Roles:
        """Who coordinates the workers' group and the transactions of partition 0."""
        group = self.pipeline.stream.settings.orders_id
        return self.cluster.roles(group, f"{group}-0")

    def wait_working(self) -> float:
        """Wait until new events were judged and new entries booked from now on; returns the seconds."""
        started_at = time.monotonic()
        before: list[tuple[int, int]] = []

        def more() -> bool:
            judged, booked = sum(self.pipeline.stream.committed(LOOK_SECONDS).values()), sum(self.pipeline.sink.next_offsets().values())
            if not before:
                before.append((judged, booked))
            return judged > before[0][0] and booked > before[0][1]

        self.until(more, "new events are judged and booked")
        return time.monotonic() - started_at

    def drain(self) -> None:
        """Stop the load, wait until all is booked, end everything as a person would."""
        self._full.set()
        self._sender.join()
        assert not self._failed, self._failed
        self.until(lambda: self.pipeline.stream.lag() == 0 and not self.pipeline.open_transactions(), "all events are judged")
        self.until(lambda: self.pipeline.ledger_lag() == 0, "all entries are booked")
        for worker in self._workers.values():
            assert worker.wait_ready().stop() == 0
        assert self.pipeline.sink.terminate() == 0
        self._reconnect()

    def _reconnect(self) -> None:
        """The test's own clients may know leaders of yesterday."""
        self.pipeline.stream.disconnect()
        self.pipeline.stream.connect()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Poll, and start again what has died; a broker that does not answer the test now may do so later."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            self._revive()
            try:
                if condition():
                    return
            except KafkaException as error:
                what = f"{what.partition(' (last')[0]} (last: {error})"
                self._reconnect()
            assert time.monotonic() < deadline, f"not within {WAIT_SECONDS_MAX:.0f} s: {what}; {self.excused}"
            time.sleep(POLL_SECONDS)

    def _send(self) -> None:
        try:
            while not self._full.wait(SLICE_SECONDS):
                self._load.send(SLICE_RECORDS)
        except BaseException as error:  # noqa: BLE001 - told by `drain`
            self._failed.append(error)

    def _start_worker(self, name: str) -> None:
        self._workers[name] = self.pipeline.stream.start_worker(instance_id=name, merged_records_max=20)

    def _revive(self) -> None:
        for name, worker in self._workers.items():
            if (code := worker.process.poll()) is not None:
                self._excuse(name, code, worker.log_file.read_text())
                self._start_worker(name)
        if (code := self.pipeline.sink.poll()) is not None:
            self._excuse("sink", code, self.pipeline.sink.log.read_text())
            self.pipeline.sink.start()

    def _excuse(self, name: str, code: int, log: str) -> None:
        assert code in EXCUSED, f"{name} ended with {code}:\n{log[-4000:]}"
        self.excused.append((name, code))
        assert len(self.excused) <= RESTARTS_MAX, self.excused
