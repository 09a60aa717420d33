-- The document of an entry, before the entry.
INSERT INTO document (entry_no, kind, document_ref, body) VALUES (?, ?, ?, ?)
