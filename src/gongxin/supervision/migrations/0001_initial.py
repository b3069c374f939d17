import django.db.models.deletion
from django.db import migrations, models

import gongxin.ids

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
    initial = True

    dependencies = [("subjects", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Commitment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.CharField(max_length=24, unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("matter", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("made_by", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                ("pack_version", models.CharField(max_length=32)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="subjects.organisation",
                    ),
                ),
            ],
            options={"ordering": ("-made_at", "-id")},
        ),
        migrations.RunSQL(FUNCTIONS, UNDO),
    ]
