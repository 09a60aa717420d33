"""The faults of a chaos run, in an order and at instants that the seed draws; each one healed, and timed until work goes on."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

from tests.acceptance.chaos_system import SINK, WORKERS, ChaosSystem
from tests.acceptance.tcp_proxy import Cut, TcpProxy
from tests.integration.order_stream import SESSION_SECONDS

BROKER, DATABASE = "broker", "database"
KILL_SHARES = {"w1": 8, "w2": 8, SINK: 10, BROKER: 2, DATABASE: 2}
"""Of thirty kills."""
INSTANT_SECONDS_MAX = 0.5
FREEZE_SECONDS = (SESSION_SECONDS + 2, SESSION_SECONDS + 8)
CUT_SECONDS = (3.0, 15.0)
AWAY_SECONDS = (0.0, 4.0)
CUTS = tuple(cut for cut in Cut if cut is not Cut.NONE)


@dataclass(frozen=True, slots=True)
class Healed:
    """A fault that is over: seconds from its end until each partition that had work went on, and until an entry was booked."""

    what: str
    decision_seconds: float
    entry_seconds: float

    @property
    def seconds(self) -> float:
        """Until all works again."""
        return max(self.decision_seconds, self.entry_seconds)


@dataclass(slots=True)
class Nemesis:
    """One run's faults. `kills` by victim and `behind`: those under load; `healed`: the other faults."""

    system: ChaosSystem
    kills: dict[str, int] = field(default_factory=dict)
    behind: int = 0
    healed: list[Healed] = field(default_factory=list)
    _cuts_to_come: list[Cut] = field(default_factory=list)

    # -- kills --------------------------------------------------------------------------------------------------------

    def kill_through(self, kills: int, records: int) -> None:
        """So many kill -9 while so many records are judged: victims in seeded order, a seeded instant in each one's share of them."""
        system = self.system
        for number, victim in enumerate(self._victims(kills)):
            system.until_decided(int((number + system.random.uniform(0.3, 0.9)) * records / kills))
            time.sleep(system.random.uniform(0, INSTANT_SECONDS_MAX))  # not a wait: the seeded instant
            self._kill(victim)
        system.until_decided(records)

    def _victims(self, kills: int) -> list[str]:
        shares = dict(KILL_SHARES)
        if self.system.database is None:
            shares[SINK] += shares.pop(DATABASE)
        wheel = list(chain.from_iterable([victim] * share for victim, share in shares.items()))
        found = [wheel[place % len(wheel)] for place in range(kills)] if kills >= len(wheel) else self.system.random.sample(wheel, kills)
        self.system.random.shuffle(found)
        return found

    def _kill(self, victim: str) -> None:
        system = self.system
        left = system.load.truth.sent - system.decided_total()
        system.journal(f"kill -9 of {victim}, {left} records behind")
        self.behind += left > 0
        self.kills[victim] = self.kills.get(victim, 0) + 1
        if victim == BROKER:
            self._broker_away(system.broker.kill, 0.0)
        elif victim == DATABASE:
            self._database_crashed(0.0)
        else:
            system.kill(victim)

    def _broker_away(self, end: Callable[[], None], seconds: float) -> None:
        system = self.system
        system.stream.disconnect()
        end()
        system.linger(seconds)
        assert system.broker.start() == system.stream.kafka, "the broker came back elsewhere"
        system.stream.connect()

    def _database_crashed(self, seconds: float) -> None:
        database = self.system.database
        assert database is not None
        database.crash()
        self.system.linger(seconds)
        database.recover()

    def fill_disk(self, seconds: float) -> Healed:
        """Fill the disk of the part that has one of its own; so long after somebody died of it make room, and start what has ended."""
        system, disk = self.system, self.system.disk
        assert disk is not None
        system.journal(f"the disk of the {system.shape.full_disk} is full")
        before = system.excused.total()
        disk.fill()

        def noticed() -> bool:
            if system.shape.full_disk == BROKER:
                return system.broker.exit_code() is not None
            return system.excused.total() > before

        system.until(noticed, "somebody dies of the full disk")
        system.linger(seconds)
        disk.make_room()
        if system.database is not None and not system.database.running:
            system.journal("the database had ended")
            system.database.recover()
        if system.broker.exit_code() is not None:
            system.journal("the broker had ended")
            self._broker_away(system.broker.stop, 0.0)
        return self.working_again("full disk")

    # -- faults that heal ---------------------------------------------------------------------------------------------

    def plague(self, each: int) -> None:
        """So many of each kind in seeded order; after each one waits until everything works again."""
        faults = [self._freeze, self._restart_broker, self._cut]
        if self.system.database is not None:
            faults.append(self._restart_database)
        plan = [fault for fault in faults for _ in range(each)]
        self.system.random.shuffle(plan)
        for fault in plan:
            self.system.keep_behind()
            what = fault()
            healed = self.working_again(what)
            self.healed.append(healed)
            self.system.journal(f"{what}: decisions after {healed.decision_seconds:.1f} s, entries after {healed.entry_seconds:.1f} s")

    def _freeze(self) -> str:
        system, victim = self.system, self.system.random.choice((*WORKERS, SINK))
        seconds = system.random.uniform(*FREEZE_SECONDS)
        system.journal(f"SIGSTOP of {victim} for {seconds:.1f} s")
        system.signal(victim, signal.SIGSTOP)
        system.linger(seconds)
        system.signal(victim, signal.SIGCONT)
        return f"zombie {victim}"

    def _restart_broker(self) -> str:
        seconds = self.system.random.uniform(*AWAY_SECONDS)
        gently = self.system.random.random() < 0.5
        self.system.journal(f"broker {'stopped' if gently else 'killed'} for {seconds:.1f} s")
        self._broker_away(self.system.broker.stop if gently else self.system.broker.kill, seconds)
        return "broker restart"

    def _restart_database(self) -> str:
        database, seconds = self.system.database, self.system.random.uniform(*AWAY_SECONDS)
        assert database is not None
        crash = self.system.random.random() < 0.5
        self.system.journal(f"database {'killed' if crash else 'stopped at once'} for {seconds:.1f} s")
        if crash:
            self._database_crashed(seconds)
        else:
            database.go_away()
            self.system.linger(seconds)
            database.come_back()
        return "database restart"

    def _cut(self) -> str:
        """Every kind in turn, each time at a connection that the seed draws."""
        system = self.system
        if not self._cuts_to_come:
            self._cuts_to_come = system.random.sample(CUTS, len(CUTS))
        cut = self._cuts_to_come.pop()
        lines: list[tuple[str, TcpProxy]] = [(f"{name} - broker", proxy) for name, proxy in system.broker.proxies.items()]
        if system.database_proxy is not None:
            lines.append((f"{SINK} - database", system.database_proxy))
        line, proxy = system.random.choice(lines)
        seconds = self.system.random.uniform(*CUT_SECONDS)
        self.system.journal(f"{line}: {cut.value} for {seconds:.1f} s")
        proxy.spoil(cut)
        self.system.linger(seconds)
        proxy.heal()
        return f"{line} {cut.value}"

    def working_again(self, what: str) -> Healed:
        """Wait until each partition that has work has decided more, and the ledger has booked more."""
        system, began = self.system, time.monotonic()
        system.load.send(system.slice_records)
        before, newest = system.decided(), system.ledger.newest_entry()
        took: dict[str, float] = {}

        def works() -> bool:
            now = system.decided()
            ends = {partition: end for partition, (_, end) in system.stream.watermarks().items()}
            if all(now.get(partition, 0) > before.get(partition, 0) or now.get(partition, 0) == end for partition, end in ends.items()):
                took.setdefault("decision", time.monotonic() - began)
            if system.ledger.newest_entry() > newest:
                took.setdefault("entry", time.monotonic() - began)
            system.keep_behind()
            return len(took) == 2

        system.until(works, f"work goes on after {what}")
        return Healed(what, took["decision"], took["entry"])
