"""Faults that tests ask for through the setting `unsafe_engine`: the only place where the engine can be made to misbehave.

`no-fencing` gives every start of a producer an id of its own, so that nobody is fenced; `crash:<step>:<n>` ends the process as
kill -9 would when the commit reaches the step for the n-th time, `stop:<step>:<n>` freezes it there as SIGSTOP would.
`<how>-at:<partition>:<offset>` makes a record deadly: `crash` ends the process as a fault in C code would, `raise` is a defect of
ours, `loop` never ends, `hoard` takes memory without end. Several are separated by commas.
"""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import bootstrap_servers
from asiento.runtime.logging import get_logger
from asiento.runtime.loopback import on_loopback
from asiento.runtime.settings import Settings, SettingsError
from streams.engine.processor import SourceRange

STEPS = ("before_begin", "after_begin", "after_produce", "after_offsets", "after_commit", "after_apply")
"""The named instants of a chunk's commit, in order."""


@dataclass(slots=True)
class Faults:
    """What this process was asked to do wrong; by default nothing."""

    fencing: bool = True
    signals: dict[tuple[str, int], signal.Signals] = field(default_factory=dict)
    deadly: dict[tuple[int, int], str] = field(default_factory=dict)
    _reached: Counter[str] = field(default_factory=Counter)

    def reach(self, step: str) -> None:
        """Called at every step of a commit; does nothing unless a test asked for a death or a freeze here."""
        if not self.signals:
            return
        self._reached[step] += 1
        wanted = self.signals.get((step, self._reached[step]))
        if wanted is not None:
            os.kill(os.getpid(), wanted)

    def judge(self, source: SourceRange) -> None:
        """Called before a range is processed; does nothing unless a test made one of its records deadly."""
        if not self.deadly:
            return
        for record in source.records:
            how = self.deadly.get((source.partition, record.offset))
            if how is not None:
                _DEADLY[how]()


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _raise() -> None:
    raise RuntimeError("a record that was made deadly by ASIENTO_UNSAFE_ENGINE")


def _loop() -> None:
    while True:
        time.sleep(1)


def _hoard() -> None:
    hoarded = []
    while True:
        hoarded.append(bytearray(_HOARD_BYTES))


_HOARD_BYTES = 16 * 1024 * 1024
_DEADLY = {"crash-at": _crash, "raise-at": _raise, "loop-at": _loop, "hoard-at": _hoard}


def faults_from(settings: Settings) -> Faults:
    """Read `unsafe_engine`. Raises `SettingsError` for an unknown word, or if any broker is not on loopback."""
    if settings.unsafe_engine is None:
        return Faults()
    words = settings.unsafe_engine.get_secret_value()
    if not all(on_loopback(server.rpartition(":")[0]) for server in bootstrap_servers(settings)):
        raise SettingsError("ASIENTO_UNSAFE_ENGINE is for tests: it is refused unless every broker is on loopback")
    faults = Faults()
    for word in words.split(","):
        _add(faults, word.strip())
    get_logger().error(log_events.UNSAFE_ENGINE, switched_off=words, advice="unset ASIENTO_UNSAFE_ENGINE: the books can become wrong")
    return faults


def _add(faults: Faults, word: str) -> None:
    match word.split(":"):
        case ["no-fencing"]:
            faults.fencing = False
        case ["crash" | "stop" as kind, step, count] if step in STEPS and count.isdecimal():
            faults.signals[step, int(count)] = signal.SIGKILL if kind == "crash" else signal.SIGSTOP
        case [how, partition, offset] if how in _DEADLY and partition.isdecimal() and offset.isdecimal():
            faults.deadly[int(partition), int(offset)] = how
        case _:
            raise SettingsError(
                f"ASIENTO_UNSAFE_ENGINE: {word!r} is none of no-fencing, crash:<step>:<n>, stop:<step>:<n>, "
                f"{', '.join(f'{how}:<partition>:<offset>' for how in _DEADLY)}; steps: {STEPS}"
            )
