"""What was promised is written once: kept by the database."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION supervision_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER supervision_commitment_append_only BEFORE UPDATE OR DELETE ON supervision_commitment
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_refuse();
"""

UNDO = """
DROP TRIGGER supervision_commitment_append_only ON supervision_commitment;
DROP FUNCTION supervision_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
