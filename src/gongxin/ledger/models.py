"""What the log keeps. Leaves and checkpoints are written once; openings can be destroyed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from gongxin.secrecy.fields import EncryptedTextField


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
    # Names of accounts, labels, reasons: sealed, as they may speak of people.
    value = EncryptedTextField(plain_before=True)

    class Meta:
        db_table = "ledger_opening"


class Concerned(models.Model):
    """Which leaves are about which account, for its history: a leaf commits to the name, and nobody can search that.

    Destroyed with the openings of the leaf.
    """

    pk = models.CompositePrimaryKey("account", "leaf")
    # The account's number; accounts stand above this layer.
    account = models.BigIntegerField()
    leaf = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "ledger_concerned"


class SignedCheckpoint(models.Model):
    """A checkpoint as it was signed and given out."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_checkpoint"


class CoSignature(models.Model):
    """What a witness of this log gave: a line to put below the note of a checkpoint."""

    # The size of the checkpoint.
    size = models.BigIntegerField()
    witness = models.TextField()
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_cosignature"
        constraints = [models.UniqueConstraint(fields=["witness", "size"], name="ledger_cosigned_once")]


class Witnessed(models.Model):
    """The newest checkpoint of another log that this node co-signed."""

    origin = models.TextField(primary_key=True)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(default=bytes)
    note = models.TextField(default="")
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_witnessed"
