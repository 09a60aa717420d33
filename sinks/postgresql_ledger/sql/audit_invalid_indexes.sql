-- Indexes that the server itself does not use, because a build of them did not end.
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = to_regnamespace('asiento_ledger') AND NOT (indisvalid AND indisready AND indislive)
