"""The functions by which a personal file ends, and the doors to it (`persons.doors`)."""

from django.db import migrations

# The application has no right to delete what a personal file holds: it goes by these functions alone, which run with the
# rights of the tables' owner. The first destroys what is marked as destroyed, the second only a file in which nothing is
# left. An objection that had an entry erased stays, to tell the person; nothing of the entry is in it.
DESTROY = """
CREATE FUNCTION gongxin_end_entries(entries uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM persons_entry WHERE id = ANY(entries) AND destroyed_on IS NULL) THEN
        RAISE EXCEPTION 'not marked as destroyed';
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE;
    DELETE FROM persons_paper WHERE objection_id IN (SELECT id FROM persons_objection WHERE entry_id = ANY(entries));
    DELETE FROM persons_objection WHERE entry_id = ANY(entries) AND state <> 'erased';
    DELETE FROM persons_version WHERE entry_id = ANY(entries);
    SET CONSTRAINTS ALL DEFERRED;
END $$;
CREATE FUNCTION gongxin_end_file(gone uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM persons_version v JOIN persons_entry e ON e.id = v.entry_id WHERE e.file_id = gone) THEN
        RAISE EXCEPTION 'something is left in the file';
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE;
    DELETE FROM persons_letter WHERE file_id = gone;
    DELETE FROM persons_mailbox WHERE file_id = gone;
    DELETE FROM persons_opening WHERE file_id = gone;
    DELETE FROM persons_authorisation WHERE file_id = gone;
    DELETE FROM persons_objection WHERE entry_id IN (SELECT id FROM persons_entry WHERE file_id = gone);
    DELETE FROM persons_entry WHERE file_id = gone;
    DELETE FROM persons_file WHERE id = gone;
    SET CONSTRAINTS ALL DEFERRED;
END $$;
REVOKE ALL ON FUNCTION gongxin_end_entries(uuid[]), gongxin_end_file(uuid) FROM PUBLIC;
"""

KEEP = "DROP FUNCTION gongxin_end_entries(uuid[]), gongxin_end_file(uuid);"

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
    dependencies = [("persons", "0001_initial")]

    operations = [migrations.RunSQL(DESTROY, KEEP), migrations.RunSQL(DOORS, SHUT)]
