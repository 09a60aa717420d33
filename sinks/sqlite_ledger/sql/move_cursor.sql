-- Compare-and-set: no row changes when somebody else has published.
UPDATE ack_cursor SET entry_no = ?, conflict_no = ?, seal = ? WHERE entry_no = ? AND conflict_no = ?
