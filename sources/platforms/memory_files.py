"""Order memories as files, one per order: the only place in this package that touches a disk."""

import json
import os
from pathlib import Path
from urllib.parse import quote

from sources.platforms.outcome import NO_MEMORY, OrderMemory

FORMAT = 1


class UnreadableMemory(Exception):
    """A memory file is not what was written; the message names it and how to mend it."""


class MemoryDirectory:
    """Memories of one tenant's source under `directory/<tenant>/<source>/<order id>.json`."""

    def __init__(self, directory: Path, tenant: str, source: str) -> None:
        self._directory = directory / quote(tenant, safe="") / quote(source, safe="")

    def recall(self, order_id: str) -> OrderMemory:
        """What is remembered of an order; an empty memory if nothing is."""
        path = self._path(order_id)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise UnreadableMemory(
                    f"{path}: format {content['format']} is not known here; move the file away and normalize the order again"
                )
            statuses = {refund: tuple(seen) for refund, seen in content["refund_statuses"].items()}
            return OrderMemory(placed=content["placed"], blind=frozenset(content["blind"]), refund_statuses=statuses)
        except FileNotFoundError:
            return NO_MEMORY
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnreadableMemory(f"{path}: damaged; move the file away and normalize the order again from its first payload") from None

    def remember(self, order_id: str, memory: OrderMemory) -> None:
        """Write a memory whole: a crash leaves the old one or the new one."""
        path = self._path(order_id)
        content = {
            "format": FORMAT,
            "placed": memory.placed,
            "blind": sorted(memory.blind),
            "refund_statuses": {refund: list(seen) for refund, seen in memory.refund_statuses.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(content, file, sort_keys=True, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def _path(self, order_id: str) -> Path:
        return self._directory / f"{quote(order_id, safe='')}.json"
