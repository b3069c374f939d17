"""The one row that a round trip writes and reads back."""

from __future__ import annotations

from django.db import models


class Pulse(models.Model):
    """Proof that the database takes writes: the last round trip of `/healthz`."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    at = models.DateTimeField()
    nonce = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="pulse_is_one_row")]
