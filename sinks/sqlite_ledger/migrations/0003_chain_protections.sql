-- What 0002 took away or made, protected again.
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'booked entries are never changed: book a reversal'); END;
CREATE TRIGGER conflict_is_never_changed BEFORE UPDATE ON entry_conflict
BEGIN SELECT RAISE(ABORT, 'recorded conflicts are never changed'); END;

CREATE TRIGGER entry_has_its_link BEFORE INSERT ON entry
WHEN length(NEW.chain_hash) <> 64 OR length(NEW.seal) <> 64
BEGIN SELECT RAISE(ABORT, 'an entry is booked with its link of the chain and its seal'); END;

CREATE TRIGGER chain_only_grows BEFORE UPDATE ON source_offset
WHEN NEW.chain_length < OLD.chain_length OR (NEW.chain_length = OLD.chain_length AND NEW.chain_hash <> OLD.chain_hash)
BEGIN SELECT RAISE(ABORT, 'a hash chain only grows'); END;

CREATE TRIGGER cursor_only_moves_forward BEFORE UPDATE ON ack_cursor
WHEN NEW.cursor_no <> OLD.cursor_no OR NEW.entry_no < OLD.entry_no OR NEW.conflict_no < OLD.conflict_no
BEGIN SELECT RAISE(ABORT, 'the cursor of the acks only moves forward'); END;
CREATE TRIGGER cursor_is_never_removed BEFORE DELETE ON ack_cursor
BEGIN SELECT RAISE(ABORT, 'the cursor of the acks is never removed'); END;
CREATE TRIGGER cursor_is_never_replaced BEFORE INSERT ON ack_cursor
WHEN EXISTS (SELECT 1 FROM ack_cursor)
BEGIN SELECT RAISE(ABORT, 'the acks have their cursor already'); END;
