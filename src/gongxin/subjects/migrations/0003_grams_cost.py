"""Tell the planner that computing pairs of characters for a row is dear: it must use the index, never read the whole register."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subjects", "0002_search")]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION gongxin_name_grams(text) COST 10000", "ALTER FUNCTION gongxin_name_grams(text) COST 100"
        )
    ]
