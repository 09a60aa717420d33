"""A whole installation of processes on a real broker, whose data directory can be lost: worker, ledger sink, projector, commands."""

import asyncio
import subprocess
from pathlib import Path

from tests.integration.ledger_sink import LedgerSink, stream_ends
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import PARTITIONS, OrderStream


class Installation:
    """Topics and a worker that stay, and a data directory with ledger and operational database that may go."""

    def __init__(self, kafka: str, prefix: str, folder: Path) -> None:
        self.kafka, self.prefix, self.folder = kafka, prefix, folder
        (folder / "worker").mkdir()
        self.stream = OrderStream(kafka, prefix, folder / "worker").make_topics()
        self.sink, self.projector = self.on(folder / "data")

    def on(self, data_dir: Path) -> tuple[LedgerSink, Projector]:
        """A sink and a projector of a data directory, not started; logs are kept outside of it."""
        logs = self.folder / f"logs-{data_dir.name}"
        logs.mkdir(exist_ok=True)
        sink, projector = LedgerSink(data_dir, self.kafka, self.prefix), Projector(data_dir, self.kafka, self.prefix)
        sink.log, projector.log = logs / "sink.log", logs / "projector.log"
        projector.environment["ASIENTO_LEDGER_URL"] = f"sqlite:///{sink.ledger}"
        return sink, projector

    def start(self) -> None:
        """Start sink and projector."""
        self.sink.start()
        self.projector.start()

    def kill(self) -> None:
        """kill -9 both."""
        self.sink.kill()
        self.projector.kill()

    def move_to(self, data_dir: Path) -> None:
        """Go on with another data directory."""
        self.sink, self.projector = self.on(data_dir)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of `asiento` with the settings of this installation."""
        return self.projector.command(*words)

    async def caught_up(self) -> None:
        """Wait until everything that was sent is judged, booked and projected."""
        await asyncio.to_thread(self.stream.wait_drained)
        await self.sink.wait_offsets(await stream_ends(self.kafka, self.sink.topic, PARTITIONS))
        await self.projector.wait_caught_up(PARTITIONS)

    def close(self) -> None:
        """End what still runs."""
        self.sink.close()
        self.projector.close()
        self.stream.close()
