"""The one table of `gongxin.traffic`: token buckets, not logged by PostgreSQL, empty again after a crash."""

from __future__ import annotations

from django.db import models


class Bucket(models.Model):
    """How many requests somebody has left. The key is a keyed hash: no address can be read from it."""

    key = models.UUIDField(primary_key=True)
    tokens = models.FloatField()
    granted = models.FloatField()
    at = models.DateTimeField()
    # From here on the bucket is full, which is the same as not being there.
    full_at = models.DateTimeField()

    class Meta:
        db_table = "traffic_bucket"
