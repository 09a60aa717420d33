-- Entries in the order of their ids; each with when the record arrived that made it: the one that posted, else the last one that
-- waited under its event_id; and the kind of the entry that it reverses.
SELECT entry.entry_id, entry.entry_kind, entry.body,
       (SELECT event.record_at FROM event
        JOIN decision ON decision.partition = event.partition AND decision.record_offset = event.record_offset
        WHERE event.event_id = entry.event_id AND event.partition = entry.partition AND decision.outcome IN ('posted', 'deferred')
        ORDER BY decision.outcome DESC, event.record_offset DESC LIMIT 1) AS arrived_at,
       (SELECT reversed.entry_kind FROM entry AS reversed WHERE reversed.entry_id = entry.reverses) AS reversed_kind
FROM entry ORDER BY entry.entry_id
