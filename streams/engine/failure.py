"""How a worker ends itself: one log line, then the process is gone at once, so that nothing half done can be finished later.

An exception leaving a Faust agent would acknowledge what was never processed; therefore every failure of a chunk ends here.
"""

import os
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NoReturn

from aiokafka.errors import (
    IllegalGenerationError,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    KafkaError,
    ProducerFenced,
    UnknownMemberIdError,
)

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.loop_watchdog import STUCK_EXIT_CODE


class ExitCode(IntEnum):
    """Why a worker ended itself. The supervisor restarts it whatever the code."""

    CHUNK_FAILED = 70
    """The chunk could not be processed: a defect of ours, or a record that breaks the program."""
    FENCED = 71
    """Another worker has taken over the partition; the broker refused our transaction."""
    LOST_GENERATION = 72
    """The group has gone on without this member, or a second process uses its instance id."""
    TRANSACTION_FAILED = 73
    """The brokers did not let the transaction through, or did not end it in time."""
    CONSUMER_FAILED = 74
    """Records could not be fetched."""
    PRODUCER_NOT_STARTED = 75
    """A transactional producer could not be started in time."""
    ASSIGNMENT_UNUSABLE = 76
    """The assignment does not fit the state: partitions of source and changelog differ."""
    STUCK = STUCK_EXIT_CODE
    """The event loop has not moved for too long: most likely a chunk that is judged without end."""
    SOURCE_GONE = 78
    """Unprocessed records are no longer in the source topic: retention or a re-created topic took them."""
    CRASHED = 79
    """A service of the frame died."""
    NOT_RECOVERED = 80
    """Recovery does not move, or source partitions were about to be read although a table lacks part of its changelog."""


KNOWN_CAUSES = frozenset(ExitCode) - {ExitCode.CHUNK_FAILED, ExitCode.STUCK, ExitCode.CRASHED}
"""Deaths that say nothing against the records in work: they never count towards isolating a record."""

_FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping, InvalidTxnState)
_LOST_GENERATION = (IllegalGenerationError, UnknownMemberIdError)


def cause_of(error: BaseException, otherwise: ExitCode) -> ExitCode:
    """The exit code for an error of a client; `otherwise` for a Kafka error of no known kind, CHUNK_FAILED for any other."""
    if isinstance(error, _FENCED):
        return ExitCode.FENCED
    if isinstance(error, _LOST_GENERATION):
        return ExitCode.LOST_GENERATION
    return otherwise if isinstance(error, KafkaError) else ExitCode.CHUNK_FAILED


_last_words: Callable[[int], None] | None = None


def leave_last_words(tell: Callable[[int], None]) -> None:
    """Have `tell(exit code)` called, after the log line, when this process ends itself; it must be quick and never raise."""
    global _last_words  # noqa: PLW0603 - a process ends once
    _last_words = tell


def end_process(code: ExitCode, reason: str, *, error: BaseException | None = None, **fields: Any) -> NoReturn:
    """Log one line and end the process without any clean-up: no flush, no commit, no goodbye to the group."""
    try:
        get_logger().error(
            log_events.WORKER_ENDED_ITSELF,
            exit_code=int(code),
            cause=code.name.lower(),
            known_cause=code in KNOWN_CAUSES,
            reason=reason,
            exc_info=error,
            **fields,
        )
        sys.stderr.flush()
        if _last_words is not None:
            _last_words(int(code))
    finally:  # even if the log cannot be written
        os._exit(int(code))


def give_up_draining() -> NoReturn:
    """End the process with code 0 although its drain hangs: what is unfinished is ended by the broker and done again elsewhere."""
    get_logger().warning(log_events.DRAIN_GIVEN_UP)
    sys.stderr.flush()
    if _last_words is not None:
        _last_words(0)
    os._exit(0)
