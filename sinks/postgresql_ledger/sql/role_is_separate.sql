-- Whether a role is neither this user, nor a superuser, nor able to become the one who owns the ledger; no row without the role.
SELECT NOT role.rolsuper
   AND NOT pg_has_role(role.oid, coalesce((SELECT nspowner FROM pg_namespace WHERE nspname = 'asiento_ledger'), session_role.oid), 'MEMBER')
FROM pg_roles AS role, pg_roles AS session_role
WHERE role.rolname = ? AND session_role.rolname = current_user
