-- Entries that came again with other content, in the order they were seen.
SELECT entry_id, booked_content_hash, content_hash, stream_partition, stream_offset, seen_at FROM entry_conflict ORDER BY conflict_no
