-- The documents of some entries.
SELECT entry_no, kind, document_ref, body FROM document WHERE entry_no {among}
