"""The reading side of the operational database: one unmoving picture of it, SQLite or PostgreSQL.

Lists are in order of age, oldest first, at most `limit` items; the next page starts `after` the cursor of the last item.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Final, Self

from sinks.databases.database import Database, Row, placeholders
from sinks.projector.answer_rows import (
    ACTION_COLUMNS,
    DEAD_LETTER_COLUMNS,
    DISCREPANCY_COLUMNS,
    WAITING_COLUMNS,
    ack_line,
    action_line,
    dead_letter_line,
    discrepancy_line,
    discrepancy_record,
    entry_line,
    event_line,
    ids_of,
    later_judgings,
    waiting_line,
)
from sinks.projector.answers import (
    AckLine,
    ActionLine,
    Cursor,
    DeadLetterLine,
    DiscrepancyLine,
    EntryLine,
    EventLine,
    HealedLine,
    OpenCounts,
    OrderRecords,
    ProjectedOffset,
    RetentionGap,
    State,
    WaitingEvent,
)
from sinks.projector.database import open_database, require_current
from sinks.projector.statements import statement

LIMIT_DEFAULT: Final = 100
IDS_ASKED_MAX: Final = 500


class OperationalReader:
    """A read-only view of one operational database, frozen when it was opened; use as a context manager.

    All methods raise `OperationalUnavailable` when the database goes away.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def at(cls, url: str) -> Self:
        """Open the database of `sqlite:///path` or `postgresql://...`.

        Raises `OperationalUnavailable` (also where there is none yet), `ForeignOperational`.
        """
        database = open_database(url, for_writing=False)
        try:
            with database.explained():
                require_current(database)
                database.begin_picture()
        except BaseException:
            database.close()
            raise
        return cls(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def database(self) -> Database:
        """The connection, for a dump of the same picture."""
        return self._database

    def close(self) -> None:
        """Let go of the picture."""
        self._database.close()

    def order(self, order_key: str) -> OrderRecords:
        """One order's whole file; `known` is false where nothing stands under the key."""
        of_order = {"order_key": order_key}
        events = self._events("events_of_order", of_order)
        newest = [self._query(statement("newest_event"), {"partition": number}) for number in {line.partition for line in events}]
        return OrderRecords(
            order_key=order_key,
            as_of=max((found[0][0] for found in newest if found), default=None),
            events=events,
            entries=tuple(entry_line(row) for row in self._query(statement("entries_of_order"), of_order)),
            parked=self.parked(order_key=order_key, limit=None),
            rejected=self.rejected(order_key=order_key, state=None, limit=None),
            discrepancies=self.discrepancies(order_key=order_key, state=None, limit=None),
            discrepancy_log=tuple(discrepancy_record(row) for row in self._query(statement("discrepancy_log_of_order"), of_order)),
            dead_letters=self.dead_letters(order_key=order_key, state=None, limit=None),
            acks=tuple(ack_line(row) for row in self._query(statement("acks_of_order"), of_order)),
            actions=self.actions(order_key=order_key, limit=None),
        )

    def event(self, event_id: str) -> tuple[EventLine, ...]:
        """The records that carry this event_id."""
        return self._events("events_by_id", {"event_id": event_id})

    def event_at(self, partition: int, offset: int) -> EventLine | None:
        """The record at a place of the events topic; None before it is projected."""
        found = self._events("event_at", {"partition": partition, "record_offset": offset})
        return found[0] if found else None

    def entry(self, entry_id: str) -> EntryLine | None:
        """One entry."""
        found = self._query(statement("entry_by_id"), {"entry_id": entry_id})
        return entry_line(found[0]) if found else None

    def acks(self, entry_id: str) -> tuple[AckLine, ...]:
        """What ledgers said about an entry, oldest first."""
        return tuple(ack_line(row) for row in self._query(statement("acks_of_entry"), {"entry_id": entry_id}))

    def parked(
        self,
        *,
        code: str | None = None,
        order_key: str | None = None,
        source: str | None = None,
        assignee: str | None = None,
        event_id: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[WaitingEvent, ...]:
        """Events that wait."""
        wanted = {"code": code, "order_key": order_key, "source": source, "assignee": assignee, "event_id": event_id}
        return tuple(waiting_line(row) for row in self._page("parked_event", WAITING_COLUMNS, wanted, ("since", "event_id"), limit, after))

    def rejected(
        self,
        *,
        state: State | None = "OPEN",
        code: str | None = None,
        order_key: str | None = None,
        source: str | None = None,
        assignee: str | None = None,
        event_id: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[WaitingEvent, ...]:
        """Rejected events; `state` None lists the resolved ones, too."""
        wanted = {"state": state, "code": code, "order_key": order_key, "source": source, "assignee": assignee, "event_id": event_id}
        return tuple(
            waiting_line(row) for row in self._page("rejected_event", WAITING_COLUMNS, wanted, ("since", "event_id"), limit, after)
        )

    def judged(
        self,
        outcome: str,
        *,
        state: State | None = "OPEN",
        code: str | None = None,
        order_key: str | None = None,
        source: str | None = None,
        assignee: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[WaitingEvent, ...]:
        """Records whose first outcome was this one, such as `conflict`; `since` is when they were judged. Reads all decisions."""
        wanted = {"outcome": outcome, "state": state, "code": code, "order_key": order_key, "source": source, "assignee": assignee}
        view = f"({statement('judged_events')}) AS judged_event"
        return tuple(waiting_line(row) for row in self._page(view, WAITING_COLUMNS, wanted, ("since", "event_id"), limit, after))

    def discrepancies(
        self,
        *,
        state: State | None = "OPEN",
        code: str | None = None,
        severity: str | None = None,
        order_key: str | None = None,
        assignee: str | None = None,
        discrepancy_id: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[DiscrepancyLine, ...]:
        """Discrepancies; `state` None lists all of them."""
        view = "open_discrepancy" if state == "OPEN" else "discrepancy_state"
        wanted = {
            "state": state if state != "OPEN" else None,
            "code": code,
            "severity": severity,
            "order_key": order_key,
            "assignee": assignee,
            "discrepancy_id": discrepancy_id,
        }
        return tuple(
            discrepancy_line(row) for row in self._page(view, DISCREPANCY_COLUMNS, wanted, ("raised_at", "discrepancy_id"), limit, after)
        )

    def dead_letters(
        self,
        *,
        state: State | None = "OPEN",
        reason: str | None = None,
        order_key: str | None = None,
        assignee: str | None = None,
        subject: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[DeadLetterLine, ...]:
        """Refused records; `state` None lists all of them."""
        wanted = {"state": state, "reason": reason, "order_key": order_key, "assignee": assignee, "subject": subject}
        found = self._page("dead_letter_state", DEAD_LETTER_COLUMNS, wanted, ("first_seen_at", "subject"), limit, after)
        return tuple(dead_letter_line(row) for row in found)

    def actions(
        self,
        *,
        kind: str | None = None,
        subject_kind: str | None = None,
        subject: str | None = None,
        order_key: str | None = None,
        actor: str | None = None,
        action_id: str | None = None,
        limit: int | None = LIMIT_DEFAULT,
        after: Cursor | None = None,
    ) -> tuple[ActionLine, ...]:
        """What operators did."""
        wanted = {
            "kind": kind,
            "subject_kind": subject_kind,
            "subject": subject,
            "order_key": order_key,
            "actor": actor,
            "action_id": action_id,
        }
        return tuple(
            action_line(row) for row in self._page("operator_action", ACTION_COLUMNS, wanted, ("acted_at", "action_id"), limit, after)
        )

    def open_proposals(self, *, limit: int | None = LIMIT_DEFAULT, after: Cursor | None = None) -> tuple[ActionLine, ...]:
        """PROPOSE actions that nobody has approved or refused."""
        found = self._page("open_proposal", ACTION_COLUMNS, {}, ("acted_at", "action_id"), limit, after)
        return tuple(action_line(row) for row in found)

    def open_counts(self) -> OpenCounts:
        """How many of each kind are open, by code."""
        closed = self._counts("closed_dead_letter_counts")
        letters = {reason: number - closed.get(reason, 0) for reason, number in self._counts("dead_letter_counts").items()}
        return OpenCounts(
            parked=self._counts("parked_counts"),
            rejected=self._counts("rejected_counts"),
            discrepancies=self._counts("discrepancy_counts"),
            dead_letters={reason: number for reason, number in letters.items() if number},
            proposals=self._query(statement("proposal_count"))[0][0],
        )

    def outcome_counts(self) -> Mapping[int, Mapping[str, int]]:
        """partition -> outcome -> how many records had it when they were judged first."""
        found: dict[int, dict[str, int]] = {}
        for partition, outcome, number in self._query(statement("outcome_counts")):
            found.setdefault(partition, {})[outcome] = number
        return found

    def offsets(self) -> tuple[ProjectedOffset, ...]:
        """How far each partition of each topic is projected."""
        return tuple(
            ProjectedOffset(topic=row[0], partition=row[1], cluster_id=row[2], topic_id=row[3], next_offset=row[4])
            for row in self._query(statement("offsets"))
        )

    def gaps(self) -> tuple[RetentionGap, ...]:
        """What retention took before it was read."""
        return tuple(
            RetentionGap(topic=row[0], partition=row[1], first_offset=row[2], next_offset=row[3]) for row in self._query(statement("gaps"))
        )

    def _query(self, sql: str, parameters: Mapping[str, object] | Sequence[object] = ()) -> list[Row]:
        with self._database.explained():
            return self._database.query(sql, parameters)

    def _counts(self, name: str) -> dict[str, int]:
        return dict(sorted((row[0], row[1]) for row in self._query(statement(name))))

    def _page(  # noqa: PLR0917 - one question in its parts
        self,
        view: str,
        columns: str,
        wanted: Mapping[str, str | None],
        order: tuple[str, str],
        limit: int | None,
        after: Cursor | None,
    ) -> list[Row]:
        """One page of a view; names of views and columns are ours, values are parameters."""
        values: dict[str, object] = {column: value for column, value in wanted.items() if value is not None}
        conditions = [f"{column} = :{column}" for column in values]
        if after is not None:
            conditions.append(f"({order[0]}, {order[1]}) > (:after_at, :after_id)")
            values |= {"after_at": after.at, "after_id": after.id}
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        bound = ""
        if limit is not None:
            bound, values["page_limit"] = " LIMIT :page_limit", limit
        return self._query(f"SELECT {columns} FROM {view}{where} ORDER BY {order[0]}, {order[1]}{bound}", values)  # noqa: S608

    def _events(self, name: str, parameters: Mapping[str, object]) -> tuple[EventLine, ...]:
        found = self._query(statement(name), parameters)
        healed = self._healed({row[5] for row in found if row[12] == "deferred"})
        # A judging again belongs to the newest record that was parked before it.
        last_first: dict[tuple[int, str], list[int]] = {}
        for row in found:
            if row[12] == "deferred":
                last_first.setdefault((row[0], row[5]), []).append(row[16])
        return tuple(event_line(row, later_judgings(row, healed, last_first)) for row in found)

    def _healed(self, event_ids: Iterable[str]) -> dict[tuple[int, str], list[HealedLine]]:
        wanted = iter(sorted(event_ids))
        found: dict[tuple[int, str], list[HealedLine]] = {}
        while asked := list(islice(wanted, IDS_ASKED_MAX)):
            for row in self._query(statement("healed_events").replace("{ids}", placeholders(asked)), asked):
                line = HealedLine(batch_offset=row[2], decided_at=row[3], outcome=row[4], code=row[5], entry_ids=ids_of(row[6]))
                found.setdefault((row[0], row[1]), []).append(line)
        return found
