"""What a run of the benchmarks has left on disk, per event."""

from collections.abc import Mapping
from pathlib import Path

from asiento.runtime.settings import Settings

SEGMENTS = "*.log"
"""Of a partition; its indexes are small and made ahead."""


def topic_bytes(broker_data: Path, topic: str) -> int:
    """Bytes of all partitions of a topic on one broker, one copy."""
    return sum(path.stat().st_size for folder in broker_data.glob(f"{topic}-*") for path in folder.glob(SEGMENTS))


def disk_per_event(broker_directory: Path, settings: Settings, topics: Mapping[str, str], events: int) -> dict[str, float]:
    """Bytes per event of each topic (name on the broker -> name in the table) and of the two databases in SQLite."""
    found = {shown: topic_bytes(broker_directory / "data", topic) / events for topic, shown in topics.items()}
    for name in ("ledger", "operational"):
        files = settings.data_dir.glob(f"{name}.sqlite*")
        found[f"{name} (SQLite)"] = sum(path.stat().st_size for path in files) / events
    return {name: size for name, size in found.items() if size}
