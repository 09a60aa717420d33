-- Upgrade to version 2: where a conflict that was seen before stands among the entries, and its seal.
UPDATE entry_conflict SET after_entry_no = ?, seal = ? WHERE conflict_no = ?
