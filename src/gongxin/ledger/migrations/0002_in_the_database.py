"""Appending to the log, and that it is never changed: kept by the database."""

from django.db import migrations

# The advisory lock is any constant that nothing else locks.
FUNCTIONS = """
CREATE FUNCTION ledger_append(body bytea) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    number bigint;
    level int := 0;
    current bytea := sha256('\\x00'::bytea || body);
    finished bytea[] := ARRAY[current];
    sibling bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(4702111323394633569);
    SELECT coalesce(max(leaf.seq) + 1, 0) INTO number FROM ledger_leaf leaf;
    WHILE (number >> level) & 1 = 1 LOOP
        SELECT leaf.hashes[level + 1] INTO STRICT sibling FROM ledger_leaf leaf
            WHERE leaf.seq = ((number >> level) << level) - 1;
        current := sha256('\\x01'::bytea || sibling || current);
        finished := finished || current;
        level := level + 1;
    END LOOP;
    INSERT INTO ledger_leaf (seq, body, hashes) VALUES (number, body, finished);
    RETURN number;
END $$;

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END $$;

CREATE TRIGGER ledger_leaf_append_only BEFORE UPDATE OR DELETE ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_checkpoint_append_only BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""

UNDO = """
DROP TRIGGER ledger_checkpoint_append_only ON ledger_checkpoint;
DROP TRIGGER ledger_leaf_append_only ON ledger_leaf;
DROP FUNCTION ledger_refuse();
DROP FUNCTION ledger_append(bytea);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
