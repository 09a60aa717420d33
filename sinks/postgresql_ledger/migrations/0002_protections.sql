-- What the database refuses, whoever asks: owner and superuser too, and also where session_replication_role is `replica` (the
-- triggers are ENABLE ALWAYS). Somebody who disables them on purpose can do so; `asiento verify` says it.

-- Refuses whatever it is attached to.
CREATE FUNCTION asiento_ledger.never_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: what is booked is never changed or removed; book a reversal', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE ON asiento_ledger.entry
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER entry_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.entry
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER posting_is_never_changed BEFORE UPDATE OR DELETE ON asiento_ledger.posting
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER posting_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.posting
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER document_is_never_changed BEFORE UPDATE OR DELETE ON asiento_ledger.document
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER document_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.document
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER conflict_is_never_changed BEFORE UPDATE OR DELETE ON asiento_ledger.entry_conflict
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER conflict_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.entry_conflict
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER version_is_never_changed BEFORE UPDATE OR DELETE ON asiento_ledger.ledger_version
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER version_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.ledger_version
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER offset_is_never_removed BEFORE DELETE ON asiento_ledger.source_offset
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER offset_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.source_offset
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER cursor_is_never_removed BEFORE DELETE ON asiento_ledger.ack_cursor
FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed();
CREATE TRIGGER cursor_is_never_emptied BEFORE TRUNCATE ON asiento_ledger.ack_cursor
FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.never_changed();

-- At commit: the entry has as many postings as it names, they add up to 0 in its one currency, and its document is the one it
-- names. Postings come after their entry (below), so this sees all of them. Adding up is done in numeric: nothing overflows.
CREATE FUNCTION asiento_ledger.entry_is_whole() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    legs    bigint;
    balance numeric;
    named   text;
BEGIN
    SELECT count(*), coalesce(sum(CASE side WHEN 'DEBIT' THEN amount ELSE -amount END), 1) INTO legs, balance
    FROM asiento_ledger.posting WHERE entry_no = NEW.entry_no;
    IF legs <> NEW.posting_count THEN
        RAISE EXCEPTION 'entry % names % postings and has %', NEW.entry_id, NEW.posting_count, legs
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF balance <> 0 THEN
        RAISE EXCEPTION 'debits and credits of entry % differ', NEW.entry_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT document_ref INTO named FROM asiento_ledger.document WHERE entry_no = NEW.entry_no;
    IF named IS DISTINCT FROM NEW.document_ref THEN
        RAISE EXCEPTION 'entry % names another document than it has', NEW.entry_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER entry_is_whole AFTER INSERT ON asiento_ledger.entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION asiento_ledger.entry_is_whole();

-- A posting needs its entry, and room under it. An entry that was committed has all its postings, so there is none; one of another
-- transaction that is open is not seen, so there is no entry. Nothing can be put under an entry from outside, early, late or at once.
CREATE FUNCTION asiento_ledger.posting_has_room() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    SELECT added.entry_no INTO found
    FROM (SELECT DISTINCT entry_no FROM added_rows) AS added
    LEFT JOIN asiento_ledger.entry ON entry.entry_no = added.entry_no
    WHERE entry.entry_no IS NULL
       OR entry.posting_count < (SELECT count(*) FROM asiento_ledger.posting WHERE posting.entry_no = added.entry_no)
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a posting cannot be added to a booked entry, or to none (entry_no %)', found
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER posting_has_room AFTER INSERT ON asiento_ledger.posting
REFERENCING NEW TABLE AS added_rows FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.posting_has_room();

-- A document needs the entry that names it, and is its only one (primary key).
CREATE FUNCTION asiento_ledger.document_has_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    SELECT added.entry_no INTO found
    FROM added_rows AS added
    LEFT JOIN asiento_ledger.entry ON entry.entry_no = added.entry_no
    WHERE entry.document_ref IS DISTINCT FROM added.document_ref
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a document cannot be added to a booked entry, or to none (entry_no %)', found
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER document_has_entry AFTER INSERT ON asiento_ledger.document
REFERENCING NEW TABLE AS added_rows FOR EACH STATEMENT EXECUTE FUNCTION asiento_ledger.document_has_entry();

ALTER TABLE asiento_ledger.entry ENABLE ALWAYS TRIGGER entry_is_never_changed;
ALTER TABLE asiento_ledger.entry ENABLE ALWAYS TRIGGER entry_is_never_emptied;
ALTER TABLE asiento_ledger.entry ENABLE ALWAYS TRIGGER entry_is_whole;
ALTER TABLE asiento_ledger.posting ENABLE ALWAYS TRIGGER posting_is_never_changed;
ALTER TABLE asiento_ledger.posting ENABLE ALWAYS TRIGGER posting_is_never_emptied;
ALTER TABLE asiento_ledger.posting ENABLE ALWAYS TRIGGER posting_has_room;
ALTER TABLE asiento_ledger.document ENABLE ALWAYS TRIGGER document_is_never_changed;
ALTER TABLE asiento_ledger.document ENABLE ALWAYS TRIGGER document_is_never_emptied;
ALTER TABLE asiento_ledger.document ENABLE ALWAYS TRIGGER document_has_entry;
ALTER TABLE asiento_ledger.entry_conflict ENABLE ALWAYS TRIGGER conflict_is_never_changed;
ALTER TABLE asiento_ledger.entry_conflict ENABLE ALWAYS TRIGGER conflict_is_never_emptied;
ALTER TABLE asiento_ledger.ledger_version ENABLE ALWAYS TRIGGER version_is_never_changed;
ALTER TABLE asiento_ledger.ledger_version ENABLE ALWAYS TRIGGER version_is_never_emptied;
ALTER TABLE asiento_ledger.source_offset ENABLE ALWAYS TRIGGER offset_is_never_removed;
ALTER TABLE asiento_ledger.source_offset ENABLE ALWAYS TRIGGER offset_is_never_emptied;
ALTER TABLE asiento_ledger.ack_cursor ENABLE ALWAYS TRIGGER cursor_is_never_removed;
ALTER TABLE asiento_ledger.ack_cursor ENABLE ALWAYS TRIGGER cursor_is_never_emptied;
