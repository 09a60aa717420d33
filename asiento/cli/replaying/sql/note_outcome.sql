-- What became of one record when it was judged first; a second outcome of it is the business of `asiento verify`.
INSERT OR IGNORE INTO outcome (side, partition, position, event_id, outcome, code, inside) VALUES (?, ?, ?, ?, ?, ?, ?)
