-- How many events wait, and since when the oldest does.
SELECT count(*), min(added_at) FROM asiento_outbox WHERE confirmed_at IS NULL
