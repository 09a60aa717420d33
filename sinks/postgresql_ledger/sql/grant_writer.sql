-- The writer: INSERT and SELECT, and the two functions that move offsets and cursor, and temporary tables to stage batches in.
REVOKE ALL ON ALL TABLES IN SCHEMA asiento_ledger FROM {role};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA asiento_ledger FROM {role};
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role};
GRANT USAGE ON SCHEMA asiento_ledger TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA asiento_ledger TO {role};
GRANT INSERT ON asiento_ledger.entry, asiento_ledger.posting, asiento_ledger.document, asiento_ledger.entry_conflict,
    asiento_ledger.source_offset TO {role};
GRANT EXECUTE ON FUNCTION asiento_ledger.advance_offsets, asiento_ledger.move_cursor TO {role}
