import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# What a leaf commits to: every column of the look, as the text of a JSON array, under SHA-256. The id is random, so
# that nobody can guess the content from the hash. Another set of columns needs another number in the first place.
FUNCTIONS = """
CREATE FUNCTION enquiries_entry(l enquiries_look) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        1, l.id, l.kind, l.channel, l.department_id, l.asked_by, l.role,
        (extract(epoch FROM l.asked_at) * 1000000)::bigint, l.asked_for, l.organisation_id, to_jsonb(l.others),
        l.matched_by, l.purpose, l.basis, l.matter, l.rule, l.outcome, l.reason, l.record_count, l.disclosed,
        l.batch_id, l.pack_version, l.data_version)::text, 'UTF8'))
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


OUTCOMES = [
    ("found", "有可披露记录"),
    ("no_records", "主体在册，无可披露记录"),
    ("not_found", "未查到该主体"),
    ("ambiguous", "名称对应多个主体"),
    ("shown", "已提供"),
    ("refused", "不予查询"),
]
CHANNELS = [("api", "接口"), ("batch", "批量接口"), ("desk", "工作台"), ("mine", "信用主体页面")]
KINDS = [
    ("check", "信用核查"),
    ("record", "信用记录"),
    ("records", "信用记录列表"),
    ("submission", "报送批次"),
    ("file", "报送文件"),
    ("report", "信用报告"),
    ("account", "账号"),
    ("log", "查询留痕"),
    ("case", "办件"),
    ("archive", "归档信息"),
]


class Migration(migrations.Migration):
    dependencies = [("enquiries", "0003_check_outcome"), ("identity", "0001_initial")]

    operations = [
        migrations.RemoveIndex("check", "check_by_organisation"),
        migrations.RemoveIndex("check", "check_by_department"),
        migrations.RenameModel("Check", "Look"),
        migrations.AlterModelOptions("look", {"ordering": ("-asked_at", "-id")}),
        migrations.AddField("look", "kind", models.CharField(choices=KINDS, default="check", max_length=16)),
        migrations.AddField("look", "channel", models.CharField(choices=CHANNELS, default="api", max_length=8)),
        migrations.AddField("look", "role", models.CharField(blank=True, max_length=32)),
        migrations.AddField(
            "look",
            "others",
            django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
        ),
        migrations.AddField("look", "basis", models.CharField(blank=True, max_length=200)),
        migrations.AddField("look", "rule", models.CharField(blank=True, max_length=80)),
        migrations.AlterField(
            "look",
            "department",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="identity.department",
            ),
        ),
        migrations.AlterField("look", "asked_by", models.CharField(max_length=150)),
        migrations.AlterField("look", "matter", models.CharField(blank=True, max_length=120)),
        migrations.AlterField("look", "outcome", models.CharField(choices=OUTCOMES, max_length=16)),
        migrations.AddIndex(
            "look", models.Index(fields=["organisation_id", "asked_at", "id"], name="look_by_organisation")
        ),
        migrations.AddIndex("look", models.Index(fields=["department", "asked_at", "id"], name="look_by_department")),
        migrations.AddIndex("look", models.Index(fields=["asked_by", "asked_at", "id"], name="look_by_account")),
        migrations.AddIndex("look", models.Index(fields=["asked_at", "id"], name="look_by_time")),
        migrations.AddIndex(
            "look",
            models.Index(
                condition=models.Q(("outcome", "refused")), fields=["asked_at", "id"], name="look_refused"
            ),
        ),
        migrations.AddIndex(
            "look",
            models.Index(
                condition=models.Q(("batch_id__isnull", False)), fields=["batch_id"], name="look_by_batch"
            ),
        ),
        migrations.AddIndex(
            "look",
            django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("others", []), _negated=True), fields=["others"], name="look_at_others"
            ),
        ),
        migrations.CreateModel(
            name="LookLeaf",
            fields=[
                ("subject", models.UUIDField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("event", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("number", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("organisation_id", models.UUIDField(db_index=True)),
                ("version", models.CharField(choices=[("public", "公开版"), ("full", "完整版")], max_length=8)),
                ("issued_at", models.DateTimeField()),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("shown", models.JSONField()),
                ("basics", models.CharField(max_length=64)),
                ("pack_version", models.CharField(max_length=40)),
                ("leaf", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, UNDO),
    ]
