-- Roles other than the owner that may read the entries, and whether they may also book.
SELECT role.rolname, bool_or(granted.privilege_type = 'INSERT')
FROM pg_class AS relation, aclexplode(relation.relacl) AS granted JOIN pg_roles AS role ON role.oid = granted.grantee
WHERE relation.oid = to_regclass('asiento_ledger.entry') AND granted.grantee <> relation.relowner
GROUP BY role.rolname ORDER BY role.rolname
