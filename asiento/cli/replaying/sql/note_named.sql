-- An entry that decisions in the range name.
INSERT OR IGNORE INTO named (entry_id, met) VALUES (?, 0)
