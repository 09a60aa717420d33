-- What has to move, moves forward only, by compare-and-set, through functions that run with the owner's rights: the writer itself
-- may INSERT and SELECT and nothing else.

-- A source offset is bound once, at the start of its partition and of its chain, and all of them to one stream.
CREATE FUNCTION asiento_ledger.offset_starts_at_zero() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.next_offset <> 0 OR NEW.chain_length <> 0 OR NEW.chain_hash <> repeat('0', 64) THEN
        RAISE EXCEPTION 'a partition is bound at offset 0 and at the start of its chain' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM asiento_ledger.source_offset
               WHERE (cluster_id, topic, topic_id) IS DISTINCT FROM (NEW.cluster_id, NEW.topic, NEW.topic_id)) THEN
        RAISE EXCEPTION 'a ledger books from one stream' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER offset_starts_at_zero BEFORE INSERT ON asiento_ledger.source_offset
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.offset_starts_at_zero();

-- Refuses a move that no function below makes, or that goes back. asiento_ledger.moves is set inside of them only.
CREATE FUNCTION asiento_ledger.offset_only_moves_forward() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('asiento_ledger.moves', true) IS DISTINCT FROM 'forward'
        OR (NEW.cluster_id, NEW.topic, NEW.topic_id, NEW.partition) IS DISTINCT FROM (OLD.cluster_id, OLD.topic, OLD.topic_id, OLD.partition)
        OR NEW.next_offset < OLD.next_offset OR NEW.chain_length < OLD.chain_length
        OR (NEW.chain_length = OLD.chain_length AND NEW.chain_hash <> OLD.chain_hash) THEN
        RAISE EXCEPTION 'a source offset only moves forward, in the transaction that books' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER offset_only_moves_forward BEFORE UPDATE ON asiento_ledger.source_offset
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.offset_only_moves_forward();

-- The same for the cursor of the acks.
CREATE FUNCTION asiento_ledger.cursor_only_moves_forward() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('asiento_ledger.moves', true) IS DISTINCT FROM 'forward'
        OR NEW.cursor_no <> OLD.cursor_no OR NEW.entry_no < OLD.entry_no OR NEW.conflict_no < OLD.conflict_no THEN
        RAISE EXCEPTION 'the cursor of the acks only moves forward' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER cursor_only_moves_forward BEFORE UPDATE ON asiento_ledger.ack_cursor
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.cursor_only_moves_forward();

ALTER TABLE asiento_ledger.source_offset ENABLE ALWAYS TRIGGER offset_starts_at_zero;
ALTER TABLE asiento_ledger.source_offset ENABLE ALWAYS TRIGGER offset_only_moves_forward;
ALTER TABLE asiento_ledger.ack_cursor ENABLE ALWAYS TRIGGER cursor_only_moves_forward;

-- Move offsets and heads of several partitions, one array element each; answers how many stood where they were expected to.
CREATE FUNCTION asiento_ledger.advance_offsets(
    of_topic text, partitions integer[], starts bigint[], lengths bigint[], hashes text[],
    ends bigint[], new_lengths bigint[], new_hashes text[], seals text[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    PERFORM set_config('asiento_ledger.moves', 'forward', true);
    UPDATE asiento_ledger.source_offset AS held
    SET next_offset = wanted.new_offset, chain_length = wanted.new_length, chain_hash = wanted.new_hash, seal = wanted.new_seal
    FROM unnest(partitions, starts, lengths, hashes, ends, new_lengths, new_hashes, seals)
        AS wanted (partition, next_offset, chain_length, chain_hash, new_offset, new_length, new_hash, new_seal)
    WHERE held.topic = of_topic AND held.partition = wanted.partition AND held.next_offset = wanted.next_offset
        AND held.chain_length = wanted.chain_length AND held.chain_hash = wanted.chain_hash;
    GET DIAGNOSTICS moved = ROW_COUNT;
    PERFORM set_config('asiento_ledger.moves', '', true);
    RETURN moved;
END;
$$;

-- Move the cursor of the acks; answers whether it stood where it was expected to.
CREATE FUNCTION asiento_ledger.move_cursor(
    new_entry_no bigint, new_conflict_no bigint, new_seal text, from_entry_no bigint, from_conflict_no bigint
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved boolean;
BEGIN
    PERFORM set_config('asiento_ledger.moves', 'forward', true);
    UPDATE asiento_ledger.ack_cursor SET entry_no = new_entry_no, conflict_no = new_conflict_no, seal = new_seal
    WHERE entry_no = from_entry_no AND conflict_no = from_conflict_no;
    moved := FOUND;
    PERFORM set_config('asiento_ledger.moves', '', true);
    RETURN moved;
END;
$$;

REVOKE ALL ON FUNCTION asiento_ledger.advance_offsets FROM PUBLIC;
REVOKE ALL ON FUNCTION asiento_ledger.move_cursor FROM PUBLIC;

-- The cursor before the first ack: its seal covers (64 zeros, 0, 0), as docs/adr/0009 says.
INSERT INTO asiento_ledger.ack_cursor (cursor_no, entry_no, conflict_no, seal)
VALUES (1, 0, 0, encode(sha256(convert_to('["' || repeat('0', 64) || '",0,0]', 'UTF8')), 'hex'));
