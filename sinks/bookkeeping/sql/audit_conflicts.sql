-- The next conflicts with all their columns: after a conflict_no, at most so many.
SELECT conflict_no, entry_id, booked_content_hash, content_hash, entry, stream_partition, stream_offset, seen_at, after_entry_no, seal
FROM {main}entry_conflict WHERE conflict_no > ? ORDER BY conflict_no LIMIT ?
