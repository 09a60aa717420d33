-- A parked event was judged again.
UPDATE outcome SET outcome = :outcome WHERE partition = :partition AND event_id = :event_id AND outcome = 'deferred'
