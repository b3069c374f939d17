"""Doors of the second wall (`persons.doors`)."""

from django.db import migrations

# Who may call them is settled with the walls (walls.policies.DEFINED).
DOORS = """
-- The index of the personal file that a code lends, and of the one an objection is about: also for whoever is refused
-- it, as that is written into the file.
CREATE FUNCTION gongxin_file_lent(code_digest text) RETURNS SETOF text
    LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.index::text FROM persons_file f JOIN persons_authorisation a ON a.file_id = f.id
    WHERE a.digest = code_digest
$$;
CREATE FUNCTION gongxin_file_contested(objection uuid) RETURNS SETOF text
    LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.index::text FROM persons_file f JOIN persons_entry e ON e.file_id = f.id
    JOIN persons_objection o ON o.entry_id = e.id
    WHERE o.id = objection
$$;
REVOKE ALL ON FUNCTION gongxin_file_lent(text), gongxin_file_contested(uuid) FROM PUBLIC;
"""
SHUT = "DROP FUNCTION gongxin_file_lent(text); DROP FUNCTION gongxin_file_contested(uuid);"


class Migration(migrations.Migration):

    dependencies = [
        ('persons', '0003_ends_of_files'),
    ]

    operations = [migrations.RunSQL(DOORS, SHUT)]
