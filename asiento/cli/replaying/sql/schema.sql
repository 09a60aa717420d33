-- Facts of one replay, in a temporary database that lives on disk once it outgrows its cache. side: here = replayed, there = the books.
CREATE TABLE outcome (
    side TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, event_id TEXT, outcome TEXT NOT NULL, code TEXT,
    inside INTEGER NOT NULL, PRIMARY KEY (partition, position, side)
) WITHOUT ROWID;
CREATE INDEX outcome_parked ON outcome (partition, event_id) WHERE outcome = 'deferred';
CREATE TABLE named (entry_id TEXT PRIMARY KEY, met INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE replayed (entry_id TEXT PRIMARY KEY, value BLOB NOT NULL, met INTEGER NOT NULL DEFAULT 0);
