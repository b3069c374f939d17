"""The functions by which contents are destroyed, and in no other way."""

from django.db import migrations

# Contents are destroyed by this function and in no other way: it runs with the rights of the tables' owner, and only
# for a list that one official proposed and another decided. It returns how many openings of the log went with them.
# A record keeps its row without a party: its natural key and the hash of its content say that the same file, handed
# in once more, changes nothing; the root in the leaf of its hand-in can still be computed.
DESTROY = """
CREATE FUNCTION ends_destroy(list uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kind text;
    parts jsonb;
    gone uuid[];
    files uuid[];
    hidden bytea[] := '{}';
BEGIN
    SELECT d.what, d.destroys INTO kind, parts FROM ends_destruction d
     WHERE d.id = list AND d.state = 'done' AND d.decided_by_id <> d.proposed_by_id;
    IF kind IS NULL THEN
        RAISE EXCEPTION 'list % is not decided by two officials', list;
    END IF;
    SELECT coalesce(array_agg(subject), '{}') INTO gone FROM ends_tombstone
     WHERE destruction_id = list AND destroyed_on IS NOT NULL;
    IF kind = 'rejected-row' THEN
        UPDATE intake_rejectedrow SET cells = NULL WHERE submission_id = ANY(gone);
        UPDATE intake_finding SET value = '' WHERE submission_id = ANY(gone);
        RETURN 0;
    END IF;
    SELECT coalesce(array_agg(id), '{}') INTO files FROM rights_case WHERE record_id = ANY(gone);
    -- What waits for the end of the transaction is judged now: a table that is waited for cannot be altered.
    SET CONSTRAINTS ALL IMMEDIATE;
    IF parts ? 'revisions' THEN
        DELETE FROM records_revision WHERE record_id = ANY(gone);
    END IF;
    IF parts ? 'reasons' THEN
        SELECT coalesce(array_agg(decode(leaf.body -> 'fields' -> 'reasons' ->> 'commitment', 'hex')), '{}') INTO hidden
          FROM (SELECT convert_from(body, 'UTF8')::jsonb AS body FROM ledger_leaf) leaf
         WHERE leaf.body ->> 'event' = 'case.advanced' AND (leaf.body -> 'fields' ->> 'case')::uuid = ANY(files);
        DELETE FROM ledger_opening WHERE commitment = ANY(hidden);
        ALTER TABLE rights_casestep DISABLE TRIGGER rights_casestep_append_only;
        UPDATE rights_casestep SET reasons = '', correction = '{}' WHERE case_id = ANY(files);
        ALTER TABLE rights_casestep ENABLE TRIGGER rights_casestep_append_only;
        UPDATE rights_case SET paper = '' WHERE id = ANY(files);
        UPDATE rights_outbox SET body = '{}' WHERE case_id = ANY(files);
    END IF;
    IF parts ? 'notices' THEN
        ALTER TABLE rights_notice DISABLE TRIGGER rights_notice_words;
        UPDATE rights_notice SET zh = '', en = '' WHERE case_id = ANY(files);
        ALTER TABLE rights_notice ENABLE TRIGGER rights_notice_words;
    END IF;
    IF parts ? 'evidence' THEN
        ALTER TABLE rights_evidence DISABLE TRIGGER rights_evidence_append_only;
        UPDATE rights_evidence SET filename = '' WHERE case_id = ANY(files);
        ALTER TABLE rights_evidence ENABLE TRIGGER rights_evidence_append_only;
    END IF;
    IF parts ? 'payload' THEN
        UPDATE records_record
           SET organisation_id = '00000000-0000-0000-0000-000000000000', state = 'closed', document_no = '', title = '',
               decided_on = '0001-01-01', effective_until = NULL, acted_until = NULL, severity = '', procedure = '',
               publicity_from = NULL, publicity_until = NULL, publicity_rule = '', payload = '[]'
         WHERE id = ANY(gone);
    END IF;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN cardinality(hidden);
END $$;
REVOKE ALL ON FUNCTION ends_destroy(uuid) FROM PUBLIC;
"""

KEEP = "DROP FUNCTION ends_destroy(uuid);"

# Messages and e-mails to accounts, by the same conditions as ends_destroy: behind the wall nobody but the account has
# them.
DESTROY_TOLD = """
CREATE FUNCTION ends_destroy_told(list uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kind text;
    gone uuid[];
BEGIN
    SELECT d.what INTO kind FROM ends_destruction d
     WHERE d.id = list AND d.state = 'done' AND d.decided_by_id <> d.proposed_by_id;
    IF kind IS NULL OR kind NOT IN ('message', 'delivery') THEN
        RAISE EXCEPTION 'list % is not decided by two officials', list;
    END IF;
    SELECT coalesce(array_agg(subject), '{}') INTO gone FROM ends_tombstone
     WHERE destruction_id = list AND destroyed_on IS NOT NULL;
    SET CONSTRAINTS ALL IMMEDIATE;
    IF kind = 'message' THEN
        DELETE FROM correspondence_enclosed WHERE message_id = ANY(gone);
        DELETE FROM correspondence_message WHERE id = ANY(gone);
    ELSE
        DELETE FROM correspondence_enclosed WHERE delivery_id = ANY(gone);
        DELETE FROM correspondence_delivery WHERE id = ANY(gone) AND state <> 'waiting';
    END IF;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN 0;
END $$;
REVOKE ALL ON FUNCTION ends_destroy_told(uuid) FROM PUBLIC;
"""

KEEP_TOLD = "DROP FUNCTION ends_destroy_told(uuid);"


class Migration(migrations.Migration):
    dependencies = [("ends", "0002_initial"), ("correspondence", "0002_initial"), ("intake", "0001_initial"), ("ledger", "0002_in_the_database"), ("records", "0001_initial"), ("rights", "0002_in_the_database")]

    operations = [migrations.RunSQL(DESTROY, KEEP), migrations.RunSQL(DESTROY_TOLD, KEEP_TOLD)]
