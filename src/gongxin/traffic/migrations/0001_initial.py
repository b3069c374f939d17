"""Token buckets, in a table that PostgreSQL does not write ahead: what it holds is worth a few minutes."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                ("granted", models.FloatField()),
                ("at", models.DateTimeField()),
                ("full_at", models.DateTimeField()),
            ],
            options={"db_table": "traffic_bucket"},
        ),
        migrations.RunSQL(
            # Rows are overwritten all the time: room on each page lets that happen in place.
            "ALTER TABLE traffic_bucket SET UNLOGGED, SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE traffic_bucket SET LOGGED, RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
    ]
