"""What the product says of itself after a chaos run, against the truth and against its own core: verify, simulate, metrics."""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from schemas.events import decode_to_json
from tests.acceptance.chaos_system import ChaosSystem
from tests.acceptance.copied_lives import Told

COMMAND_SECONDS_MAX = 900


def check_what_the_product_says(system: ChaosSystem, *policy: str) -> None:
    """`verify` is clean and counts right, the exported entries are those of `simulate`, the counters do not say more than is true."""
    outcomes = system.load.truth.outcomes()
    report = orjson.loads(_command(system, "verify", "--json"))
    assert (report["clean"], report["problems"], report["lag"], report["entries"]["pending"]) == (True, [], 0, 0)
    assert Counter({name: count for name, count in report["outcomes"].items() if count}) == outcomes
    assert report["consumed"] == system.load.truth.sent
    simulated, summary = _simulated(system, *policy)
    exported = {one["entry_id"]: _digest(one) for one in _lines(_command_to_file(system, "entries", "export", "--format", "jsonl"))}
    assert _first_difference(exported, simulated) is None
    balances = orjson.loads(_command(system, "trial-balance", "--json"))
    assert balances == summary["trial_balance"] == _told_balances(system)
    check_metrics(system, outcomes)


def check_metrics(system: ChaosSystem, outcomes: Counter[str], *, exactly: bool = False) -> None:
    """Counters over all lives: never more than the truth; `exactly` where no life was ended by force."""
    entries = sum(len(order.template.entries) for order in system.load.truth.orders())
    total = system.metrics.total
    consumed, healed = total("asiento_records_consumed_total"), total("asiento_healed_events_total")
    told = {
        "records consumed": (consumed.total(), outcomes.total()),
        "dead letters": (total("asiento_dead_letters_total").total(), outcomes["dead_letter"]),
        "entries emitted": (total("asiento_entries_emitted_total").total(), entries),
        "entries booked": (total("asiento_entries_booked_total")["booked"], entries),
        "acks published": (total("asiento_acks_published_total").total(), entries),
    }
    for name, (found, right) in told.items():
        few_enough = found == right if exactly else name == "acks published" or 0 < found <= right
        assert few_enough, f"{name}: {found} counted, {right} is true (seed {system.shape.seed})"
    if exactly:
        consumed.update(healed)
        consumed["deferred"] -= healed.total()
        assert +consumed == outcomes, f"outcomes {+consumed} counted, {outcomes} is true"


def _simulated(system: ChaosSystem, *policy: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Digest of each entry by id, and the summary, of `simulate` on the events in the order of their partitions."""
    file = system.directory / "events.jsonl"
    truth = system.load.truth
    with file.open("wb") as lines:
        for partition in range(truth.partitions):
            for _, value, (outcome, _) in truth.records(partition):
                if outcome != "dead_letter":
                    lines.write(orjson.dumps(decode_to_json(value)) + b"\n")
    entries: dict[str, bytes] = {}
    summary: dict[str, Any] = {}
    for row in _lines(_command_to_file(system, "simulate", str(file), *policy)):
        if "entry" in row:
            entries[row["entry"]["entry_id"]] = _digest(row["entry"])
        summary = row.get("summary", summary)
    return entries, summary


def _told_balances(system: ChaosSystem) -> dict[str, dict[str, int]]:
    """What the oracle's entries add up to, by currency and account."""
    copies: Counter[tuple[Told, ...]] = Counter(order.template.entries for order in system.load.truth.orders())
    totals: dict[str, dict[str, int]] = {}
    for entries, times in copies.items():
        for entry in entries:
            accounts = totals.setdefault(entry.currency, {})
            for account, amount in entry.postings:
                accounts[account] = accounts.get(account, 0) + times * amount
    return totals


def _first_difference(one: dict[str, bytes], other: dict[str, bytes]) -> str | None:
    return next((entry_id for entry_id in {**one, **other} if one.get(entry_id) != other.get(entry_id)), None)


def _digest(entry: dict[str, Any]) -> bytes:
    return blake2b(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def _command(system: ChaosSystem, *words: str) -> bytes:
    return _command_to_file(system, *words).read_bytes()


def _command_to_file(system: ChaosSystem, *words: str) -> Path:
    """Run a command of the program; its output is in the file."""
    file = system.directory / f"{words[0]}.out"
    with file.open("wb") as output:
        done = system.pipeline.run(words, output, COMMAND_SECONDS_MAX)
    assert done.returncode == 0, (
        f"asiento {' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]!r} {file.read_bytes()[:2000]!r}"
    )
    return file


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
