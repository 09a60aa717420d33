-- The documents of some entries (a JSON array of entry_no).
SELECT entry_no, kind, document_ref, body FROM main.document WHERE entry_no IN (SELECT value FROM json_each(?))
