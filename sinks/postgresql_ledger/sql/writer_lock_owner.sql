-- Who holds the writer's lock: process id on the server, address and name of the client.
SELECT held.pid, coalesce(host(activity.client_addr), 'local'), coalesce(nullif(activity.application_name, ''), 'no name')
FROM pg_locks AS held LEFT JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid = CAST(? AS bigint) AND held.objid = CAST(? AS bigint)
