-- The ledger's own indexes are not trusted: entry ids and numbers by a scan of the table, in a temporary index.
CREATE TEMP TABLE held AS SELECT entry_id, entry_no FROM main.entry NOT INDEXED ORDER BY entry_no;
CREATE INDEX temp.held_by_id ON held (entry_id);
