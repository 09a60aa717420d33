-- Events that wait for the relay, and those that the broker confirmed, in the order in which they were added.
CREATE TABLE IF NOT EXISTS asiento_outbox (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     TEXT NOT NULL,
    order_key    TEXT NOT NULL,
    value        BYTEA NOT NULL,
    headers      TEXT NOT NULL,
    added_at     BIGINT NOT NULL,
    confirmed_at BIGINT
);
CREATE INDEX IF NOT EXISTS asiento_outbox_waiting ON asiento_outbox (position) WHERE confirmed_at IS NULL;
CREATE INDEX IF NOT EXISTS asiento_outbox_confirmed ON asiento_outbox (confirmed_at) WHERE confirmed_at IS NOT NULL;
