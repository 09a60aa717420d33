"""Stock Faust as its manual shows it: an agent, a table, `topic.send` per record. At least once; loses entries when it is killed.

The state stands encoded in the table, from which its changelog is written; what was decoded is kept beside it. One record at a time.
"""

import sys
from pathlib import Path
from typing import Any, Final

import faust
import uvloop

from bench.peers.work import PeerPlace, peer_place
from streams.engine.processor import SourceRange

TABLE: Final = "order-state"
RECORD_BYTES_MAX: Final = 9_000_000


def faust_app(place: PeerPlace) -> Any:
    """The app with its agent."""
    app = faust.App(
        place.group,
        broker=f"kafka://{place.bootstrap_servers}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        datadir=str(Path(place.folder) / "faust"),
        topic_partitions=place.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        producer_max_request_size=RECORD_BYTES_MAX,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    source = app.topic(place.source, key_type=bytes, value_type=bytes)
    changelog = app.topic(place.changelog, key_type=bytes, value_type=bytes, partitions=place.partitions)
    table = app.Table(TABLE, key_type=bytes, value_type=bytes, partitions=place.partitions, changelog_topic=changelog)
    work, decoded, topics = place.work(), dict[bytes, Any](), dict[str, Any]()

    def state_of(key: bytes) -> Any:
        state = decoded.get(key)
        if state is None and (kept := table.get(key)) is not None:
            state = decoded[key] = work.decode(kept)
        return state

    async def judge(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            one = SourceRange(
                topic=message.topic,
                partition=message.partition,
                first_offset=message.offset,
                next_offset=message.offset + 1,
                records=[_Record(message)],
            )
            folded = work.fold(one, state_of)
            for name, records in folded.outputs.items():
                for record in records:
                    topic = topics.get(name) or topics.setdefault(name, app.topic(name, key_type=bytes, value_type=bytes))
                    await topic.send(key=record.key, value=record.value, partition=message.partition)
            for state in folded.states:
                table[state.key] = state.value
            decoded.update(folded.decoded)

    app.agent(source, name="judge")(judge)
    return app


class _Record:
    """A message of Faust under the names of the fold; times in milliseconds."""

    __slots__ = ("headers", "key", "offset", "timestamp", "value")

    def __init__(self, message: Any) -> None:
        self.offset: int = message.offset
        self.timestamp = round(message.timestamp * 1000)
        self.key: bytes | None = message.key
        self.value: bytes | None = message.value
        self.headers: tuple[tuple[str, bytes], ...] = message.headers or ()


def main() -> None:
    """Run until SIGTERM."""
    app = faust_app(peer_place("python -m bench.peers.faust_agent", __doc__))
    uvloop.install()
    sys.argv = sys.argv[:1]
    faust.Worker(app, loglevel="warning").execute_from_commandline()


if __name__ == "__main__":
    main()
