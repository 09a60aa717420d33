-- Conflicts with all their columns, in the order they were seen.
SELECT conflict_no, entry_id, booked_content_hash, content_hash, entry, stream_partition, stream_offset, seen_at, after_entry_no, seal
FROM entry_conflict ORDER BY conflict_no
