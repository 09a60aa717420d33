-- The tables that are there.
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('asiento_ledger') AND relkind = 'r'
