-- The hash chain and the seals (docs/adr/0009), and how far acks are published. Entries booked before get their links
-- from upgrades.py, in this transaction; 0003 protects what is made here.
DROP TRIGGER entry_is_never_changed;
DROP TRIGGER conflict_is_never_changed;

ALTER TABLE entry ADD COLUMN chain_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN seal TEXT NOT NULL DEFAULT '';

-- Head of the partition's chain: it moves with the offset.
ALTER TABLE source_offset ADD COLUMN chain_length INTEGER NOT NULL DEFAULT 0 CHECK (chain_length >= 0);
ALTER TABLE source_offset ADD COLUMN chain_hash TEXT NOT NULL DEFAULT '0000000000000000000000000000000000000000000000000000000000000000';
ALTER TABLE source_offset ADD COLUMN seal TEXT NOT NULL DEFAULT '';

-- after_entry_no: the entry booked last when the conflict was seen; it gives entries and conflicts one order.
ALTER TABLE entry_conflict ADD COLUMN after_entry_no INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry_conflict ADD COLUMN seal TEXT NOT NULL DEFAULT '';

-- One row: the entry and the conflict up to which acks are published. Entries and conflicts are their own outbox.
CREATE TABLE ack_cursor (
    cursor_no   INTEGER PRIMARY KEY CHECK (cursor_no = 1),
    entry_no    INTEGER NOT NULL CHECK (entry_no >= 0),
    conflict_no INTEGER NOT NULL CHECK (conflict_no >= 0),
    seal        TEXT    NOT NULL
) STRICT;
