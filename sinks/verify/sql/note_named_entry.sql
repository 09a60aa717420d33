-- An entry that a decision names, and the source offset of the decision's range.
INSERT OR IGNORE INTO named_entry (entry_id, partition, position) VALUES (?, ?, ?)
