"""What happened in a case is written once: kept by the database."""

from django.db import migrations

# What happened in a case is written once: steps and evidence of cases are not changed, and nothing of a case goes.
REFUSE = """
CREATE FUNCTION rights_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what happened in a case is append-only (%)', TG_TABLE_NAME;
END $$;
CREATE TRIGGER rights_casestep_append_only BEFORE UPDATE OR DELETE ON rights_casestep
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_case_kept BEFORE DELETE ON rights_case
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_notice_kept BEFORE DELETE ON rights_notice
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_notice_words BEFORE UPDATE OF zh, en, addressee, at, case_id, step ON rights_notice
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_evidence_append_only BEFORE UPDATE OR DELETE ON rights_evidence
    FOR EACH ROW WHEN (OLD.case_id IS NOT NULL) EXECUTE FUNCTION rights_refuse();
"""

ALLOW = """
DROP TRIGGER rights_evidence_append_only ON rights_evidence;
DROP TRIGGER rights_notice_words ON rights_notice;
DROP TRIGGER rights_notice_kept ON rights_notice;
DROP TRIGGER rights_case_kept ON rights_case;
DROP TRIGGER rights_casestep_append_only ON rights_casestep;
DROP FUNCTION rights_refuse();
"""

# What a step did to a record of the organisation is written once.
REFUSE_MORE = """
CREATE TRIGGER rights_caserecord_append_only BEFORE UPDATE OR DELETE ON rights_caserecord
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_certificate_kept BEFORE UPDATE OR DELETE ON rights_certificate
    FOR EACH ROW EXECUTE FUNCTION rights_refuse();
"""

ALLOW_MORE = """
DROP TRIGGER rights_certificate_kept ON rights_certificate;
DROP TRIGGER rights_caserecord_append_only ON rights_caserecord;
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW), migrations.RunSQL(REFUSE_MORE, ALLOW_MORE)]
