-- Everything the file is made of: tables, views, triggers, indexes, by name and text.
SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name
