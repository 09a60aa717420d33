"""The order in which Kafka's time-outs and our own must run out, and the words for settings that break it.

Each pair decides who notices first that something does not answer: if the wrong one does, a worker writes for partitions that it no
longer owns, or a slow broker looks like a record that cannot be processed. The table with its reasons is in docs/delivery.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

HEARTBEATS_PER_SESSION: Final = 10
"""Nine lost heartbeats are borne before the group goes on without a member."""
REBALANCE_SHARE_OF_REQUEST: Final = 0.75
"""The group answers a member that joins when the slowest has come: that wait must end before the member gives the request up."""
JUDGED_BEFORE_ABORT_SECONDS: Final = 5.0
"""How long before the broker would abort its transaction a stuck chunk must be judged; the watchdog looks every second."""


class Patience(Protocol):
    """The settings that are compared; all in seconds but the two counts of copies."""

    @property
    def kafka_session_timeout_seconds(self) -> float: ...
    @property
    def kafka_request_timeout_seconds(self) -> float: ...
    @property
    def kafka_producer_request_timeout_seconds(self) -> float: ...
    @property
    def kafka_transaction_timeout_seconds(self) -> float: ...
    @property
    def chunk_age_seconds_max(self) -> float: ...
    @property
    def replication_factor(self) -> int: ...
    @property
    def min_insync_replicas(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Order:
    """`shorter` must run out before `longer`, by at least `margin_seconds`; `otherwise` says what happens if not."""

    shorter: str
    longer: str
    margin_seconds: float
    otherwise: str


ORDERS: Final = (
    Order(
        "kafka_producer_request_timeout_seconds",
        "kafka_session_timeout_seconds",
        0,
        "a worker would still wait for an answer to its write when its partitions have another owner",
    ),
    Order(
        "kafka_session_timeout_seconds",
        "kafka_request_timeout_seconds",
        0,
        "a member that joins would give up before the group may answer, and the group would never settle",
    ),
    Order(
        "kafka_session_timeout_seconds",
        "kafka_transaction_timeout_seconds",
        JUDGED_BEFORE_ABORT_SECONDS,
        "the broker would abort the transaction of a worker that still owns its partition",
    ),
    Order(
        "kafka_producer_request_timeout_seconds",
        "chunk_age_seconds_max",
        1,
        "a broker that is slow to answer once would end the worker",
    ),
    Order(
        "chunk_age_seconds_max",
        "kafka_transaction_timeout_seconds",
        JUDGED_BEFORE_ABORT_SECONDS,
        "the broker would abort the transaction of a chunk in work, and the worker would take itself for fenced",
    ),
)


def problems_of(settings: Patience) -> Iterator[str]:
    """One text for each order that the settings break: which, why it matters, how to mend it."""
    for order in ORDERS:
        shorter, longer = getattr(settings, order.shorter), getattr(settings, order.longer)
        if shorter + order.margin_seconds > longer:
            margin = f" less {order.margin_seconds:g}" if order.margin_seconds else ""
            yield (
                f"{_variable(order.shorter)} is {shorter:g}, it must be at most {_variable(order.longer)} ({longer:g}){margin}: else "
                f"{order.otherwise}. Lower the first or raise the second"
            )
    copies, insync = settings.replication_factor, settings.min_insync_replicas
    if insync > copies:
        yield (
            f"ASIENTO_MIN_INSYNC_REPLICAS is {insync}, with ASIENTO_REPLICATION_FACTOR={copies} no record would ever be accepted: "
            f"lower it to {copies}, or raise the replication factor"
        )
    elif copies > 1 and insync == 1:
        yield (
            f"ASIENTO_MIN_INSYNC_REPLICAS is 1 with ASIENTO_REPLICATION_FACTOR={copies}: a record would count while only one broker has "
            "it, and be lost with that broker. Set it to 2 (3 copies) so that one broker may fail"
        )


def _variable(name: str) -> str:
    return f"ASIENTO_{name.upper()}"
