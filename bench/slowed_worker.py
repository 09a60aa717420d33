"""The order worker with a planted slow-down, so that `bench.check` can be seen to fail: so many microseconds of CPU more per record.

python -m bench.slowed_worker MICROSECONDS
"""

import sys
import time

from asiento.cli.main import main as asiento
from streams import orders
from streams.chunk import ChunkOutput, StateOf, Workplace, fold_chunk
from streams.engine.processor import SourceRange


def plant(microseconds: float) -> None:
    """From now on every chunk of the order worker takes so much longer per record."""

    def slowed(source: SourceRange, state_of: StateOf, workplace: Workplace) -> ChunkOutput:
        until = time.thread_time() + len(source.records) * microseconds / 1e6
        while time.thread_time() < until:
            pass
        return fold_chunk(source, state_of, workplace)

    orders.fold_chunk = slowed  # type: ignore[attr-defined]


def main() -> None:
    """Run the worker until SIGTERM."""
    plant(float(sys.argv[1]))
    sys.argv = ["asiento", "streams", "run"]
    asiento()


if __name__ == "__main__":
    main()
