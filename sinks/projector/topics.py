"""The topics that the projector reads, and what each of them may lose."""

from dataclasses import dataclass
from typing import Final

from asiento.runtime.settings import Settings
from schemas.topics import (
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDERS_DLQ,
    ORDERS_EVENTS,
)

PROJECTED: Final = (
    ORDERS_EVENTS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_ENTRIES,
    ACCOUNTING_DISCREPANCIES,
    ORDERS_DLQ,
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
)
"""Names in the catalogue."""

EXPIRING: Final = frozenset({ORDERS_DLQ, ACCOUNTING_ACKS})
"""Topics with a retention: what it took before it was read is noted as a gap; on any other topic it is an error."""


@dataclass(frozen=True, slots=True)
class ProjectedTopic:
    """One topic: its name in the catalogue and on the broker."""

    name: str
    on_broker: str

    @property
    def expires(self) -> bool:
        """Whether retention may take records that were not read."""
        return self.name in EXPIRING


def projected_topics(settings: Settings) -> tuple[ProjectedTopic, ...]:
    """All of them with the prefix of the installation."""
    return tuple(ProjectedTopic(name, settings.topic(name)) for name in PROJECTED)
