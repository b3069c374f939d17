"""What a leaf says of a look, and that looks are never changed: kept by the database."""

from django.db import migrations

# What a leaf commits to: every column of the look, as the text of a JSON array, under SHA-256. The id is random, so
# that nobody can guess the content from the hash. Another set of columns needs another number in the first place.
# The authorisation stands beside them where there is one.
COLUMNS = """l.id, l.kind, l.channel, l.department_id, l.asked_by, l.role,
        (extract(epoch FROM l.asked_at) * 1000000)::bigint, l.asked_for, l.organisation_id, to_jsonb(l.others),
        l.matched_by, l.purpose, l.basis, l.matter, l.rule, l.outcome, l.reason, l.record_count, l.disclosed,
        l.batch_id, l.pack_version, l.data_version"""

FUNCTIONS = f"""
CREATE FUNCTION enquiries_entry(l enquiries_look) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(CASE WHEN l.consent = '' THEN jsonb_build_array(1, {COLUMNS})
        ELSE jsonb_build_array(2, {COLUMNS}, l.consent) END::text, 'UTF8'))
$$;

CREATE FUNCTION enquiries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER enquiries_look_append_only BEFORE UPDATE OR DELETE ON enquiries_look
    FOR EACH STATEMENT EXECUTE FUNCTION enquiries_refuse();
CREATE TRIGGER enquiries_lookleaf_append_only BEFORE UPDATE OR DELETE ON enquiries_lookleaf
    FOR EACH STATEMENT EXECUTE FUNCTION enquiries_refuse();
CREATE TRIGGER enquiries_report_append_only BEFORE UPDATE OR DELETE ON enquiries_report
    FOR EACH STATEMENT EXECUTE FUNCTION enquiries_refuse();
"""

UNDO = """
DROP TRIGGER enquiries_report_append_only ON enquiries_report;
DROP TRIGGER enquiries_lookleaf_append_only ON enquiries_lookleaf;
DROP TRIGGER enquiries_look_append_only ON enquiries_look;
DROP FUNCTION enquiries_refuse();
DROP FUNCTION enquiries_entry(enquiries_look);
"""


class Migration(migrations.Migration):
    dependencies = [("enquiries", "0002_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
