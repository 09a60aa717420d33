-- An entry of the shadow ledger, as the value of a record.
INSERT INTO replayed (entry_id, value) VALUES (?, ?)
