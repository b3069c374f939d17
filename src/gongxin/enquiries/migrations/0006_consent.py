from django.db import migrations, models

# The columns of 0004, and from now on the authorisation beside them where there is one: the hash of a look that came
# under none is what it always was.
COLUMNS = """l.id, l.kind, l.channel, l.department_id, l.asked_by, l.role,
        (extract(epoch FROM l.asked_at) * 1000000)::bigint, l.asked_for, l.organisation_id, to_jsonb(l.others),
        l.matched_by, l.purpose, l.basis, l.matter, l.rule, l.outcome, l.reason, l.record_count, l.disclosed,
        l.batch_id, l.pack_version, l.data_version"""
FUNCTION = f"""
CREATE OR REPLACE FUNCTION enquiries_entry(l enquiries_look) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(CASE WHEN l.consent = '' THEN jsonb_build_array(1, {COLUMNS})
        ELSE jsonb_build_array(2, {COLUMNS}, l.consent) END::text, 'UTF8'))
$$
"""
BEFORE = f"""
CREATE OR REPLACE FUNCTION enquiries_entry(l enquiries_look) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(1, {COLUMNS})::text, 'UTF8'))
$$
"""
CHANNELS = [
    ("api", "接口"),
    ("batch", "批量接口"),
    ("desk", "工作台"),
    ("mine", "信用主体页面"),
    ("code", "授权码"),
]


class Migration(migrations.Migration):
    dependencies = [("enquiries", "0005_refusals_of_a_department"), ("identity", "0005_consent")]

    operations = [
        # A default of the database: rows are not rewritten, and those who insert columns by name need not know it.
        migrations.AddField("look", "consent", models.TextField(blank=True, default="", db_default="")),
        migrations.AlterField(
            "look", "channel", models.CharField(choices=CHANNELS, default="api", max_length=8)
        ),
        migrations.RunSQL(FUNCTION, BEFORE),
    ]
