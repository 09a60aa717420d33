"""The proof that what was restored is what was backed up, and that it goes on from where its stream stands."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.entries import content_hash
from schemas.topics import ACCOUNTING_ACKS
from sinks.backup.manifest import TRIAL_BALANCE, Manifest
from sinks.backup.operational_copy import check_operational
from sinks.backup.positions import Positions
from sinks.backup.restore import RestorePlan, backed_up_heads, backed_up_positions
from sinks.backup.take import trial_balance
from sinks.backup.topic_archive import ArchiveLog, PlayedBack
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.ledger_access import DamagedRow, LedgerReader, audit_at, reader_at
from sinks.verify import Report
from sinks.verify.file_check import check_file
from sinks.verify.kept_heads import KeptHeads
from sinks.verify.log import Log
from sinks.verify.report import Problems
from sinks.verify.run import verify_log
from sinks.verify.seal_check import SealCheck

PROBLEMS_LISTED_MAX = 100


@dataclass(slots=True)
class Proof:
    """What was found. archive, broker: the verification against the archived topics and against the broker, where there were any."""

    problems: list[str] = field(default_factory=list)
    entries: int = 0
    archive: Report | None = None
    broker: Report | None = None

    def add(self, text: str) -> None:
        """Note a problem; the first `PROBLEMS_LISTED_MAX` are kept."""
        if len(self.problems) < PROBLEMS_LISTED_MAX:
            self.problems.append(text)

    def take(self, where: str, problems: Problems) -> None:
        """Note the problems of a verification."""
        for problem in problems.listed:
            self.add(f"{where}: {problem.fault}: {problem.text}")

    def to_json(self) -> dict[str, Any]:
        """The form for programs."""
        reports = {"archive": self.archive, "broker": self.broker}
        return {
            "clean": not self.problems,
            "entries": self.entries,
            "problems": self.problems,
            **{name: None if report is None else report.to_json() for name, report in reports.items()},
        }


async def prove(plan: RestorePlan, manifest: Manifest, log: Log | None, topic: Callable[[str], str], orders_group: str) -> Proof:
    """Check what `restore` has made; `log` is the broker, `topic` gives the name of a topic there.

    Raises `LedgerError`, `OperationalError`, `StreamUnknown`, `ScanStuck`, `KafkaError`.
    """
    proof, heads, positions = Proof(), backed_up_heads(plan.backup), backed_up_positions(plan.backup)
    ledger_url = plan.restored_url
    _check_ledger(plan, heads, proof)
    if plan.operational_url is not None and manifest.operational is not None:
        difference = check_operational(manifest.operational, plan.operational_url)
        if difference is not None:
            proof.add(difference)
    kept = None if plan.rebuild else heads
    if manifest.topics:
        archive = ArchiveLog(plan.backup, positions, orders_group)
        proof.archive = await verify_log(archive, lambda name: name, ledger_url, kept)
        proof.take("against the archived topics", proof.archive.problems)
    if log is not None:
        proof.broker = await verify_log(AcksAsOf(log, positions), topic, ledger_url, kept)
        proof.take("against the broker", proof.broker.problems)
    return proof


class AcksAsOf:
    """A broker whose acks end where they ended when the backup was taken; see `sinks.verify.log.Log`.

    What a ledger has acknowledged since then is not in its older copy. The sink books it again, from the stream.
    """

    def __init__(self, log: Log, positions: Positions) -> None:
        acks = positions.topic(ACCOUNTING_ACKS)
        self._log = log
        self._topic = None if acks is None else acks.identity.topic
        self._played = None if acks is None else PlayedBack(acks)
        self.identity = log.identity
        self.starts = log.starts
        self.committed = log.committed

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.ends`."""
        if self._played is None or topic != self._topic:
            return await self._log.ends(topic, partitions)
        ends = self._played.next()
        return {number: ends[number] for number in partitions}

    def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """See `Log.read`."""
        return self._log.read(topic, starts, ends)


def _check_ledger(plan: RestorePlan, heads: KeptHeads, proof: Proof) -> None:
    """Its own checks, without any stream: file, protections, seals, heads, every entry balanced and as it was hashed."""
    problems = Problems()
    with audit_at(plan.restored_url) as audit:
        proof.entries = check_file(audit, problems)
        SealCheck(audit, problems, None if plan.rebuild else heads).run()
    proof.take("the restored ledger", problems)
    with reader_at(plan.restored_url) as reader:
        _check_heads(reader, heads, proof)
        if trial_balance(reader) != orjson.loads((plan.backup / TRIAL_BALANCE).read_bytes()):
            proof.add("the trial balance of the restored ledger is not the one that was backed up")
        for row in reader.all_rows():
            try:
                if content_hash(row.entry()) != row.content_hash:
                    proof.add(f"entry {row.entry_id} of the restored ledger does not match its content hash")
            except DamagedRow as error:
                proof.add(f"the restored ledger: {error}")


def _check_heads(reader: LedgerReader, heads: KeptHeads, proof: Proof) -> None:
    found: dict[int, tuple[StreamIdentity | None, int, int, str]] = {
        number: (reader.stream(), place.next_offset, place.head.length, place.head.link) for number, place in reader.places().items()
    }
    wanted = {number: (heads.stream, heads.booked_to[number], head.length, head.link) for number, head in heads.heads.items()}
    for number in sorted(found.keys() | wanted.keys()):
        if found.get(number) != wanted.get(number):
            proof.add(f"partition {number}: the restored ledger stands at {found.get(number)}, backed up was {wanted.get(number)}")
