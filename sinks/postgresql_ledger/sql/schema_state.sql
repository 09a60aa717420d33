-- Is the schema there, does it hold anything, and may this user make it.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'asiento_ledger'),
       to_regclass('asiento_ledger.ledger_version') IS NOT NULL,
       EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('asiento_ledger')),
       has_database_privilege(current_database(), 'CREATE')
