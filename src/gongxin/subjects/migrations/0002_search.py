"""What name search stands on (docs/adr/0004): the pairs of characters of a name key, indexed by expression."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import gongxin.subjects.models

# Only functions of pg_catalog: the body must work with any search_path (dump and restore, index builds).
# Even numbers: neighbours; odd numbers: characters with one between them. `subjects.grams.grams` is the same rule.
GRAMS = """
CREATE FUNCTION gongxin_name_grams(key text) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
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

# ANALYZE then knows how frequent each of the 10,000 most frequent pairs is: search asks the rarest first.
STATISTICS = "ALTER INDEX organisation_grams ALTER COLUMN 1 SET STATISTICS 1000"
NO_STATISTICS = "ALTER INDEX organisation_grams ALTER COLUMN 1 SET STATISTICS -1"


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(GRAMS, "DROP FUNCTION gongxin_name_grams(text)"),
        migrations.AddIndex(
            "organisation",
            django.contrib.postgres.indexes.GinIndex(
                gongxin.subjects.models.NameGrams(models.F("name_key")), name="organisation_grams"
            ),
        ),
        migrations.AddIndex(
            "organisation",
            django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("pinyin"), name="gin_trgm_ops"),
                name="organisation_pinyin_part",
            ),
        ),
        migrations.AddIndex(
            "organisation",
            models.Index(fields=["pinyin"], name="organisation_pinyin", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            "organisation",
            models.Index(fields=["name_key"], name="organisation_name_key", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            "formername",
            django.contrib.postgres.indexes.GinIndex(
                gongxin.subjects.models.NameGrams(models.F("name_key")), name="former_name_grams"
            ),
        ),
        migrations.RunSQL(STATISTICS, NO_STATISTICS),
    ]
