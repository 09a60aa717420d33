-- Facts collected while the topics are read, in a temporary database that lives on disk once it outgrows its cache.
CREATE TABLE stream_entry (entry_id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, partition INTEGER, position INTEGER) WITHOUT ROWID;
CREATE TABLE named_entry (entry_id TEXT PRIMARY KEY, partition INTEGER, position INTEGER) WITHOUT ROWID;
CREATE TABLE outcome (partition INTEGER, position INTEGER, event_id TEXT, outcome TEXT NOT NULL, PRIMARY KEY (partition, position)) WITHOUT ROWID;
CREATE INDEX outcome_parked ON outcome (partition, event_id) WHERE outcome = 'deferred';
CREATE TABLE source_record (partition INTEGER, position INTEGER, PRIMARY KEY (partition, position)) WITHOUT ROWID;
