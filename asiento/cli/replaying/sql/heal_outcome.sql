-- A parked event was judged again; inside the range if it ever was.
UPDATE outcome SET outcome = :outcome, code = :code, inside = max(inside, :inside)
WHERE side = :side AND partition = :partition AND event_id = :event_id AND outcome = 'deferred'
