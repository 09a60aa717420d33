-- May this user create in the ledger's schema, and does the schema's owner's word count as his.
SELECT pg_has_role(nspowner, 'USAGE') AND has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'asiento_ledger'
