-- The next conflicts, and the entry behind which each was seen: after a conflict_no, at most so many.
SELECT conflict_no, after_entry_no, entry_id, stream_partition, entry, seen_at, stream_offset
FROM entry_conflict WHERE conflict_no > ? ORDER BY conflict_no LIMIT ?
