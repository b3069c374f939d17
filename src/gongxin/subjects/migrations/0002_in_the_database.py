"""ANALYZE knows how frequent each of the 10,000 most frequent pairs is: search asks the rarest first."""

from django.db import migrations

STATISTICS = "ALTER INDEX organisation_grams ALTER COLUMN 1 SET STATISTICS 1000"
NO_STATISTICS = "ALTER INDEX organisation_grams ALTER COLUMN 1 SET STATISTICS -1"


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_initial")]

    operations = [migrations.RunSQL(STATISTICS, NO_STATISTICS)]
