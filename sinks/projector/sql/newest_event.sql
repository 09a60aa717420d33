-- When the newest projected record of an events partition arrived.
SELECT record_at FROM event WHERE partition = :partition ORDER BY record_offset DESC LIMIT 1
