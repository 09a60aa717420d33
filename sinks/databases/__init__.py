"""SQL databases of this program, SQLite or PostgreSQL: one way to speak to both, and how their tables are made and brought up to date."""
