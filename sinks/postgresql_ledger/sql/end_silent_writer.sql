-- End the session of this role that holds the writer's lock, if it has said nothing for so many seconds.
SELECT pg_terminate_backend(held.pid)
FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid = CAST(? AS bigint) AND held.objid = CAST(? AS bigint)
  AND activity.usename = current_user AND left(activity.state, 4) = 'idle'
  AND activity.state_change < clock_timestamp() - make_interval(secs => ?)
