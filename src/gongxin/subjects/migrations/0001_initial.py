import django.contrib.postgres.indexes
import django.db.models.deletion
import gongxin.ids
import gongxin.subjects.models
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


# What name search stands on (docs/adr/0004): the pairs of characters of a name key, indexed by expression.
# Only functions of pg_catalog: the body must work with any search_path (dump and restore, index builds).
# Even numbers: neighbours; odd numbers: characters with one between them. `subjects.grams.grams` is the same rule.
# Dear to compute, and the planner is told: it must use the index, never read the whole register.
GRAMS = """
CREATE FUNCTION gongxin_name_grams(key text) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
SET search_path = pg_catalog
AS $$
SELECT coalesce(array_agg(DISTINCT gram), '{}')
FROM (
    SELECT ((ascii(a)::bigint * 131071 + ascii(b)) % 1073741823)::integer * 2 AS gram
    FROM (SELECT string_to_array(key, NULL) AS signs) s, unnest(signs, signs[2:]) AS pair(a, b) WHERE b IS NOT NULL
    UNION ALL
    SELECT ((ascii(a)::bigint * 131071 + ascii(b)) % 1073741823)::integer * 2 + 1
    FROM (SELECT string_to_array(key, NULL) AS signs) s, unnest(signs, signs[3:]) AS pair(a, b) WHERE b IS NOT NULL
) pairs
$$
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(GRAMS, "DROP FUNCTION gongxin_name_grams(text)"),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('enterprise', '企业'), ('institution', '事业单位和政府机关'), ('social', '社会组织和其他组织'), ('sole_trader', '个体工商户')], max_length=16)),
                ('uscc', models.CharField(max_length=18, null=True, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('name_key', models.CharField(max_length=200)),
                ('pinyin', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(blank=True, max_length=40)),
                ('type_name', models.CharField(blank=True, max_length=100)),
                ('district', models.CharField(blank=True, max_length=40)),
                ('address', models.CharField(blank=True, max_length=300)),
                ('established_on', models.DateField(null=True)),
                ('capital', models.CharField(blank=True, max_length=60)),
                ('scope', models.TextField(blank=True)),
                ('legal_representative', models.CharField(blank=True, max_length=100)),
                ('origin', models.CharField(default='register', max_length=16)),
                ('flags', models.JSONField(default=list)),
                ('registered_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(gongxin.subjects.models.NameGrams(models.F('name_key')), name='organisation_grams'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.F('pinyin'), name='gin_trgm_ops'), name='organisation_pinyin_part'), models.Index(fields=['pinyin'], name='organisation_pinyin', opclasses=['varchar_pattern_ops']), models.Index(fields=['name_key'], name='organisation_name_key', opclasses=['varchar_pattern_ops'])],
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=24)),
                ('value', models.CharField(max_length=64)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='subjects.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['value'], name='identifier_value')],
                'constraints': [models.UniqueConstraint(fields=('organisation', 'scheme', 'value'), name='identifier_once')],
            },
        ),
        migrations.CreateModel(
            name='FormerName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('name_key', models.CharField(max_length=200)),
                ('until', models.DateField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_names', to='subjects.organisation')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(gongxin.subjects.models.NameGrams(models.F('name_key')), name='former_name_grams')],
                'constraints': [models.UniqueConstraint(fields=('organisation', 'name', 'until'), name='former_name_once')],
            },
        ),
    ]
