"""Two workers, the sink and the projector killed in turn, the sweeper after each round; the broker once; a second projector tries."""

import time
from itertools import cycle, islice

from asiento.runtime.local_kafka import LocalKafka
from tests.acceptance.database_facts import unpublished_acks
from tests.acceptance.load import Load
from tests.acceptance.nemesis import LOG, WORKERS, Kill, Nemesis
from tests.acceptance.whole_installation import WholeInstallation
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import Worker, wait_until

IN_TURN = (*WORKERS, "sink", "projector")
LOCKED_OUT = "another projector writes this database"


class Rotation(Nemesis):
    """One run: `start`, `kill_in_turn`, `drain`. `kills` has one of `IN_TURN` after the other."""

    slice_records = 60
    chunk_records = 4

    def __init__(self, installation: WholeInstallation, broker: LocalKafka, load: Load, seed: int) -> None:
        super().__init__(installation, broker, load, seed, static_members=True)
        self.kills: list[Kill] = []
        self.sweeper_kills = 0
        self._installation = installation
        self._projector = installation.projector
        self._sweeper: Worker | None = None
        self._steps_to_come = []  # the steps of a commit are Nemesis' own plan

    def start(self) -> None:
        """All five processes."""
        super().start()
        self._projector.start()
        self._sweeper = self._installation.start_sweeper()

    def kill_in_turn(self, kills: int) -> None:
        """So many kills; at seeded places among them the broker is killed, and a second projector started."""
        broker_at, second_at = self._random.sample(range(1, kills), 2)
        for number, victim in enumerate(islice(cycle(IN_TURN), kills)):
            LOG.warning("%5.1f s: %s", time.monotonic() - self._started_at, victim)
            if number == broker_at:
                self._kill_broker()
            if number == second_at:
                self._try_a_second_projector()
            kill = None
            while kill is None:
                kill = self._kill(victim)
            self.kills.append(kill)
            if victim == IN_TURN[-1]:
                self._kill_sweeper()

    def drain(self) -> None:
        """Wait until all is judged, booked and projected; end everything as a person would."""
        assert self._sweeper is not None
        self._until(self._sweeper_has_told, "deadlines were told")
        self._until(self._sweeper_listens, "the sweeper that was started last takes signals")
        sweeper, self._sweeper = self._sweeper, None
        assert sweeper.stop() == 0
        super().drain()
        wait_until(lambda: not (self._projector.running and self._installation.projector_lag()), "everything is projected")
        assert self._projector.terminate() == 0
        self.history.seconds = time.monotonic() - self._started_at

    def _wait_booked(self) -> None:
        super()._wait_booked()
        self._until(lambda: unpublished_acks(self._installation.sink.ledger) == 0, "every entry is acknowledged")

    def _kill(self, victim: str) -> Kill | None:
        if victim == "sink":
            return self._kill_busy_sink()
        if victim == "projector":
            return self._kill_projector()
        self._until(lambda: self._ready(victim), f"{victim} is ready")
        return self._kill_ready_worker(victim)

    def _kill_projector(self) -> Kill | None:
        """At work: events wait, or offsets just moved; so the instant between offsets and what belongs to them is not spared."""
        self._until(lambda: self._projector.projects, "the projector projects")
        before = self._projector.next_offsets()

        def look(attempt: int) -> Kill:
            nonlocal before
            now = self._projector.next_offsets()
            moved, before = now != before, now
            busy = moved or self._installation.events_wait()
            return Kill("projector", busy, busy, False, attempt)

        kill = self._strike(self._projector, look)
        if kill is not None:
            self._projector.start()
        return kill

    def _kill_sweeper(self) -> None:
        """At any instant, at work or not."""
        assert self._sweeper is not None
        self._sweeper.kill()
        self.sweeper_kills += 1
        self._sweeper = self._installation.start_sweeper()

    def _sweeper_listens(self) -> bool:
        return self._sweeper is not None and self._sweeper.logged("process_started")

    def _sweeper_has_told(self) -> bool:
        return any(worker.logged("deadlines_told") for worker in self._stream.workers)

    def _try_a_second_projector(self) -> None:
        """It is refused, says why, and the first one goes on."""
        self._until(lambda: self._projector.projects, "the projector projects")
        directory = self._installation.directory / "second"
        directory.mkdir()
        second = Projector(directory, self._stream.kafka, self._installation.prefix, url=self._projector.url)
        second.start()
        try:
            self._until(lambda: second.poll() is not None, "the second projector has ended")
            assert (second.poll(), LOCKED_OUT in second.told) == (1, True), second.told
            assert self._projector.projects, self._projector.told
        finally:
            second.close()

    def _revive(self) -> None:
        super()._revive()
        if (code := self._projector.poll()) is not None:
            if not (code == 1 and LOCKED_OUT in self._projector.told):  # the server has not seen the death of the one before yet
                self._excuse("projector", code, self._projector.told)
            self._projector.start()
        if self._sweeper is not None and (code := self._sweeper.process.poll()) is not None:
            self._excuse("sweeper", code, self._sweeper.log_file.read_text())
            self._sweeper = self._installation.start_sweeper()
