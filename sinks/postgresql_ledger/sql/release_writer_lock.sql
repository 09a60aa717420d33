-- Give the writer's lock back.
SELECT pg_advisory_unlock_all()
