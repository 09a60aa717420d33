-- The documents of some entries.
SELECT entry_no, kind, document_ref, body FROM {main}document WHERE entry_no {among} ORDER BY entry_no
