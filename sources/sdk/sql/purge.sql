-- What was confirmed long ago.
DELETE FROM asiento_outbox WHERE confirmed_at < ?
