-- Keep an entry that came again with other content.
INSERT INTO entry_conflict (
    conflict_no, entry_id, booked_content_hash, content_hash, entry, stream_partition, stream_offset, seen_at, after_entry_no, seal
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
