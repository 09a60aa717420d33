-- Everything the ledger is made of and protected with, as (kind, name, fact); what belongs to a server's version is left out.
WITH home AS (
    SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = 'asiento_ledger'
), ours AS (
    SELECT pg_class.* FROM pg_class JOIN home ON pg_class.relnamespace = home.oid WHERE relkind <> 't'
), functions AS (
    SELECT pg_proc.*, proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')' AS signature
    FROM pg_proc JOIN home ON pronamespace = home.oid
), facts (kind, name, fact) AS (
    SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' ELSE 'relation' END, relname::text,
           concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relispartition,
                     CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) WHEN 'i' THEN pg_get_indexdef(oid) END)
    FROM ours
    UNION ALL
    SELECT 'column', relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, collname, attgenerated,
           attidentity, pg_get_expr(adbin, adrelid))
    FROM ours JOIN pg_attribute ON attrelid = ours.oid LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = ours.oid AND adnum = attnum
    WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'constraint', relname || '.' || conname, concat_ws(' ', contype, convalidated, pg_get_constraintdef(pg_constraint.oid))
    FROM ours JOIN pg_constraint ON conrelid = ours.oid WHERE contype NOT IN ('n', 't')
    UNION ALL
    SELECT 'trigger', relname || '.' || tgname, concat_ws(' ', tgenabled, tgtype, tgdeferrable, tginitdeferred, tgattr, tgqual IS NULL,
           tgnewtable, tgfoid::regproc)
    FROM ours JOIN pg_trigger ON tgrelid = ours.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', signature, concat_ws(' ', prokind, prosecdef, proconfig, lanname, prorettype::regtype,
           encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'))
    FROM functions JOIN pg_language ON pg_language.oid = prolang
    UNION ALL
    SELECT 'rule', relname || '.' || rulename, '' FROM ours JOIN pg_rewrite ON ev_class = ours.oid WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT 'policy', relname || '.' || polname, '' FROM ours JOIN pg_policy ON polrelid = ours.oid
    UNION ALL
    SELECT 'inheritance', inhparent::regclass || ' by ' || inhrelid::regclass, '' FROM pg_inherits JOIN ours ON ours.oid IN (inhrelid, inhparent)
    WHERE relkind = 'r'
    UNION ALL
    SELECT 'owner', relname || ' by ' || relowner::regrole, '' FROM ours JOIN home ON relowner <> nspowner
    UNION ALL
    SELECT 'owner', signature || ' by ' || proowner::regrole, '' FROM functions JOIN home ON proowner <> nspowner
    UNION ALL
    SELECT 'privilege', granted.privilege_type || ' on ' || relname || ' of ' || coalesce(nullif(granted.grantee, 0)::regrole::text, 'PUBLIC'), ''
    FROM ours JOIN home ON true, aclexplode(relacl) AS granted
    WHERE granted.grantee <> relowner AND (granted.grantee = 0 OR granted.is_grantable OR NOT (
        granted.privilege_type = 'SELECT' OR (granted.privilege_type = 'INSERT'
            AND relname IN ('entry', 'posting', 'document', 'entry_conflict', 'source_offset'))))
    UNION ALL
    SELECT 'privilege', granted.privilege_type || ' on ' || relname || '.' || attname || ' of '
           || coalesce(nullif(granted.grantee, 0)::regrole::text, 'PUBLIC'), ''
    FROM ours JOIN pg_attribute ON attrelid = ours.oid, aclexplode(attacl) AS granted WHERE granted.grantee <> relowner
    UNION ALL
    SELECT 'privilege', 'EXECUTE on ' || signature || ' of PUBLIC', ''
    FROM functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted WHERE prosecdef AND granted.grantee = 0
    UNION ALL
    SELECT 'privilege', granted.privilege_type || ' on the schema of ' || coalesce(nullif(granted.grantee, 0)::regrole::text, 'PUBLIC'), ''
    FROM home, aclexplode(nspacl) AS granted
    WHERE granted.grantee <> nspowner AND (granted.grantee = 0 OR granted.privilege_type <> 'USAGE')
)
SELECT kind, name, fact FROM facts ORDER BY kind COLLATE "C", name COLLATE "C", fact COLLATE "C"
