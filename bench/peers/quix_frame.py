"""Quix Streams as its manual shows it: a stateful `apply` that expands into records, state in RocksDB with a changelog. At least once.

Runs in an environment of its own (`requirements-bench.lock`), as its clients clash with ours. One record at a time; checkpoints every 5 s.
"""

import logging
from pathlib import Path
from typing import Any, Final, NamedTuple

from quixstreams import Application, State, message_context
from quixstreams.models import SerializationContext, Serializer

from bench.peers.work import PeerPlace, Work, peer_place
from streams.engine.processor import SourceRange

STATE: Final = "s"


class Fetched(NamedTuple):
    """A message of Quix under the names of the fold; times in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Written(NamedTuple):
    """A record on its way to a topic."""

    topic: str
    key: bytes | None
    value: bytes | None


class WrittenValue(Serializer):  # type: ignore[misc]
    """The bytes of a record as they are."""

    def __call__(self, value: Written, ctx: SerializationContext) -> bytes | None:
        """Nothing to encode."""
        del ctx
        return value.value


def judged(work: Work, record: tuple[bytes, bytes, int, Any], state: State) -> list[Written]:
    """One record: the state out of the store, the records to write; the new state into the store."""
    context, (value, key, timestamp, headers) = message_context(), record
    one = SourceRange(
        topic=context.topic,
        partition=context.partition,
        first_offset=context.offset,
        next_offset=context.offset + 1,
        records=[Fetched(context.offset, timestamp, key, value, headers or [])],
    )

    def state_of(_: bytes) -> Any:
        kept = state.get_bytes(STATE)
        return None if kept is None else work.decode(kept)

    folded = work.fold(one, state_of)
    for new in folded.states:
        state.set_bytes(STATE, new.value)
    return [Written(topic, record.key, record.value) for topic, records in folded.outputs.items() for record in records]


def application(place: PeerPlace) -> Application:
    """The application with its dataframe."""
    app = Application(
        broker_address=place.bootstrap_servers,
        consumer_group=place.group,
        auto_offset_reset="earliest",
        state_dir=Path(place.folder) / "quix",
        loglevel="WARNING",
        producer_extra_config={"message.max.bytes": 9_000_000, "queue.buffering.max.messages": 1_000_000},
    )
    work, outputs = place.work(), dict[str, Any]()

    def topic_of(row: Written, *_: Any) -> Any:
        if row.topic not in outputs:
            outputs[row.topic] = app.topic(row.topic, value_serializer=WrittenValue(), key_serializer="bytes")
        return outputs[row.topic]

    frame = app.dataframe(app.topic(place.source, key_deserializer="bytes", value_deserializer="bytes"))
    frame = frame.apply(lambda *call: judged(work, call[:4], call[4]), stateful=True, expand=True, metadata=True)
    frame.to_topic(topic_of, key=lambda row: row.key)
    return app


def main() -> None:
    """Run until SIGTERM."""
    logging.captureWarnings(True)
    application(peer_place("python -m bench.peers.quix_frame", __doc__)).run()


if __name__ == "__main__":
    main()
