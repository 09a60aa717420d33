-- When the first and the last record of a range arrived.
SELECT min(record_at), max(record_at) FROM event WHERE record_at >= :start AND record_at < :stop
