-- Whose file this is, which version, and whether there is anything in it: one statement, so one moment.
SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version
