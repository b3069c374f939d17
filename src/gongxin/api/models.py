"""What the API remembers of its own: requests that must not be done twice."""

from __future__ import annotations

from django.db import models


class IdempotentRequest(models.Model):
    """An ``Idempotency-Key`` a department used, with the body it came with and the submission it led to."""

    department = models.ForeignKey("identity.Department", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    # SHA-256 over everything that makes the request: item, corrected submission, content.
    body_hash = models.CharField(max_length=64)
    submission = models.ForeignKey("intake.Submission", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "key"], name="idempotency_key_once")]
