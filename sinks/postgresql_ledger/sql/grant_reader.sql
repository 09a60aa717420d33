-- The reader: SELECT.
REVOKE ALL ON ALL TABLES IN SCHEMA asiento_ledger FROM {role};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA asiento_ledger FROM {role};
GRANT CONNECT ON DATABASE {database} TO {role};
GRANT USAGE ON SCHEMA asiento_ledger TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA asiento_ledger TO {role}
