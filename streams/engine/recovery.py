"""Table recovery with whole chunks: exact coverage also ends the recovery of a changelog whose last offset is a marker."""

from typing import Any

from streams.engine.chunks import FetchedChunk
from streams.engine.failure import ExitCode, end_process
from streams.engine.table import state_from_changelog


def apply_changelog_chunk(app: Any, fetched: FetchedChunk) -> None:
    """Put a chunk of the changelog into its table and tell Faust's recovery how far it reaches.

    The chunk must be of the current seek epoch: its start then joins what has been applied.
    """
    recovery, tp = app.tables.recovery, fetched.tp
    if tp not in recovery.active_tps or not recovery.in_recovery:
        return
    recovery.tp_to_table[tp].store.partition(tp.partition).apply(map(state_from_changelog, fetched.records))
    note_changelog_offset(app, tp, fetched.next_offset - 1)
    if not recovery.need_recovery():
        recovery.signal_recovery_end.set()


def forget_last_recovery(app: Any) -> None:
    """A recovery begins: Faust lets the end signal of the last one stand for up to 5 s, and would skip this one by it."""
    app.tables.recovery.signal_recovery_end.clear()


def refuse_unrecovered(app: Any) -> None:
    """End the process if a table still lacks part of its changelog: every order it lacks would be judged as if it were new."""
    recovery = app.tables.recovery
    if recovery.need_recovery():
        missing = {tp.partition: offsets for tp, offsets in recovery.active_remaining().items() if offsets > 0}
        end_process(ExitCode.NOT_RECOVERED, "the frame ended a recovery before the changelog was read", offsets_missing=missing)


def note_changelog_offset(app: Any, tp: Any, offset: int) -> None:
    """The table holds everything up to `offset`: the next recovery of a partition that stays starts there."""
    offsets = app.tables.recovery.active_offsets
    if tp in offsets:
        offsets[tp] = max(offsets[tp] or 0, offset)
