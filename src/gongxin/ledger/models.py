"""What the log keeps. Leaves and checkpoints are written once; openings can be destroyed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Leaf(models.Model):
    """One leaf. Rows are made by the database function `ledger_append` only; triggers refuse changes."""

    # Position in the tree, from 0, without gaps.
    seq = models.BigIntegerField(primary_key=True)
    body = models.BinaryField()
    # Hashes of the complete subtrees that this leaf finishes, by level from 0: roots and proofs are folded from them.
    hashes = ArrayField(models.BinaryField())

    class Meta:
        db_table = "ledger_leaf"


class Opening(models.Model):
    """What a commitment in a leaf stands for, kept apart so that it can be destroyed."""

    commitment = models.BinaryField(primary_key=True)
    salt = models.BinaryField()
    field = models.TextField()
    value = models.TextField()

    class Meta:
        db_table = "ledger_opening"


class SignedCheckpoint(models.Model):
    """A checkpoint as it was signed and given out."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_checkpoint"
