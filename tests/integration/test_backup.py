"""Backup in flight, loss of the data directory, restore, proof, and on it goes: real broker, real processes, the commands of the page."""

import asyncio
import json
import re
import shlex
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.ledger_access import reader_at
from tests.integration.backed_up_system import Installation
from tests.integration.order_stream import PARTITIONS

pytestmark = pytest.mark.timeout(600)

DAYS_MAX = 200

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "backup.md").read_text(encoding="utf-8")


def commands_of_the_drill() -> list[list[str]]:
    """The commands under the heading, in their order, as words without the program's name."""
    drill = PAGE.partition("## The drill")[2].partition("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)```", drill, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.strip().splitlines()]
    assert all(line.startswith("asiento ") for line in lines)
    return [shlex.split(line)[1:] for line in lines]


@pytest.fixture
def installation(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    """A running worker, sink and projector on empty topics."""
    installation = Installation(kafka, topic_prefix, tmp_path)
    (tmp_path / "data").mkdir()
    installation.stream.start_worker().wait_ready()
    installation.start()
    yield installation
    installation.close()


async def test_the_drill(installation: Installation, tmp_path: Path) -> None:
    """Backed up while orders flow in, then the data directory is destroyed; the result is that of a system that never died."""
    enough = threading.Event()
    sending = asyncio.create_task(asyncio.to_thread(_send, installation, enough))
    await installation.sink.wait_booked(30)
    taken = await asyncio.to_thread(installation.run, "backup", str(tmp_path / "backups" / "last"), "--topics", "--json")
    assert taken.returncode == 0, taken.stderr
    manifest = json.loads(taken.stdout)
    installation.kill()
    shutil.rmtree(tmp_path / "data")
    enough.set()
    await sending
    await asyncio.to_thread(installation.stream.wait_drained)

    new = tmp_path / "srv" / "asiento-new"
    told = {"/backups/last": str(tmp_path / "backups" / "last"), "/srv/": f"{tmp_path}/srv/"}
    drill = [[_placed(word, told) for word in words] for words in commands_of_the_drill()]
    assert [words[0] for words in drill] == ["restore", "restore", "verify", "operational", "replay", "trial-balance"]
    whole = await asyncio.to_thread(installation.run, *drill[0])
    assert (whole.returncode, new.exists()) == (0, False), whole.stderr
    restored = await asyncio.to_thread(installation.run, *drill[1], "--digest", manifest["digest"], "--json")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    proof = json.loads(restored.stdout)["verified"]
    assert (proof["clean"], proof["entries"]) == (True, manifest["ledger"]["entries"])
    entries = proof["broker"]["entries"]
    assert 0 < proof["entries"] == entries["booked"] < entries["on_stream"]
    assert entries["pending"] == entries["on_stream"] - entries["booked"]

    installation.move_to(new)
    installation.start()
    await installation.caught_up()
    for words in drill[2:]:
        done = await asyncio.to_thread(installation.run, *words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    await _require_as_if_nothing_had_died(installation, tmp_path / "never-died")
    _require_flip_refused(installation, tmp_path)


def _send(installation: Installation, enough: threading.Event) -> None:
    """Small days one after the other, at least one of them after the data directory is gone."""
    seeds = iter(range(1, DAYS_MAX))
    while not enough.is_set():
        installation.stream.send_day(next(seeds), 4)
        enough.wait(0.5)
    installation.stream.send_day(DAYS_MAX, 10)


def _placed(word: str, told: dict[str, str]) -> str:
    for path, here in told.items():
        word = word.replace(path, here)
    return word


async def _require_as_if_nothing_had_died(installation: Installation, folder: Path) -> None:
    folder.mkdir()
    other, projector = installation.on(folder)
    other.start()
    projector.start()
    try:
        await other.wait_offsets(installation.sink.next_offsets())
        for sink in (installation.sink, other):
            await sink.wait_acked()  # acks are records, too: no dump is final before the last one
        for follower in (installation.projector, projector):
            await follower.wait_caught_up(PARTITIONS)
        with reader_at(f"sqlite:///{installation.sink.ledger}") as mine, reader_at(f"sqlite:///{other.ledger}") as theirs:
            assert mine.balances() == theirs.balances()
            assert mine.places() == theirs.places()
            assert {row.entry_id: row.columns[1:27] for row in mine.all_rows()} == {
                row.entry_id: row.columns[1:27] for row in theirs.all_rows()
            }
        assert installation.projector.dump() == projector.dump()
    finally:
        other.close()
        projector.close()


def _require_flip_refused(installation: Installation, folder: Path) -> None:
    damaged = folder / "backups" / "last" / "ledger.sqlite"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    refused = installation.run("restore", str(damaged.parent), "--into", str(folder / "refused"))
    assert refused.returncode == 1
    assert str(damaged) in refused.stderr
    assert not (folder / "refused").exists()


async def test_a_replay_beside_a_running_system(installation: Installation, tmp_path: Path) -> None:
    """Equal by the policy in force, on every outcome; with another one it lists what would have changed, and touches nothing."""
    await asyncio.to_thread(installation.stream.send_day, 5, 20)
    await installation.caught_up()
    before = installation.sink.booked()
    same = await asyncio.to_thread(installation.run, "replay", "--into", f"sqlite:///{tmp_path}/same.sqlite", "--json")
    assert same.returncode == 0, same.stdout[:2000] + same.stderr
    report = json.loads(same.stdout)
    assert report["entries"]["equal"] == len(before) == report["entries"]["here"]
    assert report["outcomes"]["here"] == report["outcomes"]["there"]
    assert {"posted", "duplicate", "dead_letter"} <= report["outcomes"]["here"].keys()
    with reader_at(f"sqlite:///{tmp_path / 'same.sqlite'}") as shadow:
        assert {row.entry_id: row.content_hash for row in shadow.all_rows()} == before

    (tmp_path / "net.yaml").write_text("discounts: net\n")
    words = ("replay", "--into", f"sqlite:///{tmp_path}/net.sqlite", "--policy", str(tmp_path / "net.yaml"))
    other = await asyncio.to_thread(installation.run, *words)
    assert other.returncode == 1
    assert "sales_discounts" in other.stdout
    assert "differs: " in other.stdout
    dry = await asyncio.to_thread(
        installation.run, "replay", "--into", f"sqlite:///{tmp_path}/dry.sqlite", "--dry-run", "--offsets", "1:0-5"
    )
    assert (dry.returncode, (tmp_path / "dry.sqlite").exists()) == (0, False)
    assert dry.stdout.startswith("partition 1: would replay offsets 0 to ")
    ranged = await asyncio.to_thread(
        installation.run,
        "replay",
        "--into",
        f"sqlite:///{tmp_path}/some.sqlite",
        "--from",
        "2020-01-01T00:00:00Z",
        "--to",
        "2100-01-01T00:00:00Z",
    )
    assert ranged.returncode == 0, ranged.stdout + ranged.stderr
    assert installation.sink.booked() == before
    verified = await asyncio.to_thread(installation.run, "verify")
    assert verified.returncode == 0, verified.stdout


def test_no_broker_is_exit_3_and_offline_is_not(tmp_path: Path, topic_prefix: str) -> None:
    """Where there is a ledger; it needs no broker of this test's own."""
    installation = object.__new__(Installation)
    installation.kafka, installation.prefix, installation.folder = "127.0.0.1:1", topic_prefix, tmp_path
    installation.sink, installation.projector = installation.on(tmp_path / "data")
    missing = installation.run("backup", str(tmp_path / "backup"), "--offline")
    assert missing.returncode == 1
    assert "no ledger there yet" in missing.stderr
    unreachable = installation.run("replay", "--into", f"sqlite:///{tmp_path}/shadow.sqlite")
    assert unreachable.returncode == 3
    assert "no broker answers" in unreachable.stderr
