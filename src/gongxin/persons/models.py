"""The tables of the personal file. What they hold of a person is sealed; what stands open says nothing of anybody.

No other package's table refers to these, and these refer to nothing but accounts and departments (design paper,
Boundary 1 and 2; tests/persons/test_boundary.py reads it from the schema).
"""

from __future__ import annotations

from django.db import models

from gongxin.identity.models import Department, User
from gongxin.ids import uuid7
from gongxin.secrecy.fields import BlindIndexField, EncryptedTextField

# What the blind indexes are for: of a document, and of the month that a term of keeping counts from.
DOCUMENT: str = "persons.document"
TERM: str = "persons.term"


class File(models.Model):
    """One person's file. Without `secret`, the person's own key, nothing in it opens any more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Kind and number of the identity document (`documents.identity`), for the index when its key is rotated.
    document = EncryptedTextField()
    index = BlindIndexField(of="document", purpose=DOCUMENT, unique=True, db_index=False)
    # The person's own key, sealed by the node's (`personal_keys`).
    secret = EncryptedTextField()
    # The person has asked for its end: what has to stay a while goes at its date, and the file with the last of it.
    leaving_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["leaving_since"], condition=models.Q(leaving_since__isnull=False), name="persons_file_leaving"
            )
        ]


class Entry(models.Model):
    """One decision in a file. Which, stands in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="entries")
    # HMAC under the person's key over provider, item and document number: the same decision is found again.
    tag = models.CharField(max_length=64, db_collation="C")
    # It was taken back as the outcome of an objection: kept, and never lent.
    withdrawn = models.BooleanField(default=False)
    # Item and month from which the term of keeping counts (`terms`), sealed by the node's ring: what is over is found
    # by the index, without opening files one after the other. Null until it was made.
    # django-stubs: the field's own type says nothing of null.
    term = EncryptedTextField(null=True)  # type: ignore[misc]
    term_index = BlindIndexField(of="term", purpose=TERM, null=True)
    # The proposal to destroy that it is in, as long as nobody has decided (`ends.models.Destruction`, by id alone).
    leaving = models.UUIDField(null=True)
    # Its contents are gone. The row stays with its tag, so that the same decision is not taken in again.
    destroyed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "tag"], name="persons_entry_once")]
        indexes = [
            models.Index(fields=["leaving"], condition=models.Q(leaving__isnull=False), name="persons_entry_leaving")
        ]


class Version(models.Model):
    """One state of an entry, sealed under the person's key. The highest number is in force; none is changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # HMAC under the person's key over the content: a row handed in again changes nothing.
    content = models.CharField(max_length=64, db_collation="C")
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="persons_version_once")]


class Holder(models.Model):
    """Whose file is the own one, as the account's last sign-in verified: the indexes, sealed with the account's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    indexes = EncryptedTextField()


class Authorisation(models.Model):
    """What the person lends to a unit, for what and until when, sealed; found by the digest of its code."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="authorisations")
    # SHA-256 of a code of 128 random bits.
    digest = models.CharField(max_length=64, unique=True, db_collation="C")
    body = models.TextField()
    revoked_at = models.DateTimeField(null=True)


class Opening(models.Model):
    """Somebody opened the file or was refused: who, unit, purpose and what, sealed under the person's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="openings")
    body = models.TextField()
    # Number of its leaf.
    leaf = models.BigIntegerField()


class Objection(models.Model):
    """A person says that an entry is wrong. The unit that supplied it decides; it sees this entry and no other."""

    class State(models.TextChoices):
        """open: being verified, the entry is marked 异议. erased: its contents are destroyed, by two officials."""

        OPEN = "open", "核查中"
        CORRECTED = "corrected", "已更正"
        WITHDRAWN = "withdrawn", "已撤回"
        REFUSED = "refused", "不予更正"
        ERASED = "erased", "已删除"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="objections")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    filed_at = models.DateTimeField()
    # Last day for the decision, by a clock of the pack (objection-own, or objection-assisted where others verify).
    due = models.DateField()
    assisted = models.BooleanField(default=False)
    # Reasons, what is wanted; the decision with its reasons. Sealed under the person's key.
    body = models.TextField()
    decision = models.TextField(blank=True)
    # One official wants the entry erased, another one of the unit decides that: who, and the sealed reasons.
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    proposal = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(state="open"), name="persons_objection_one_open"
            ),
        ]
        indexes = [models.Index(fields=["department", "state", "due"], name="persons_objection_work")]


class Paper(models.Model):
    """A file that the person brought with an objection, sealed under the person's key: name and kind, and the bytes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    objection = models.ForeignKey(Objection, on_delete=models.CASCADE, related_name="papers")
    head = models.TextField()
    body = models.TextField()


class Mailbox(models.Model):
    """Where the person wants to be told that there is something new: the address, sealed under the person's own key, so
    that it ends with the file. Nothing but the code is sent to it before it is confirmed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.OneToOneField(File, on_delete=models.CASCADE, related_name="mailbox")
    body = models.TextField()
    confirmed_at = models.DateTimeField(null=True)


class Letter(models.Model):
    """An e-mail that says: sign in, there is something new. It knows no more than that, and whose file it is about."""

    class State(models.TextChoices):
        """How it stands."""

        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "未能送达"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="letters")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()
    # Not before; later with each failed attempt.
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    # The kind of the last failure, without what the server said: that may hold the address.
    fault = models.CharField(max_length=60, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file"], condition=models.Q(state="waiting"), name="persons_letter_one_waiting"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="persons_letter_due"),
            models.Index(fields=["made_at"], name="persons_letter_made"),
        ]


class Gone(models.Model):
    """The id of something that was destroyed: an entry, a file, an address. Random, so that it says nothing of anybody;
    kept beside the keys too (`gone`), so that a restored backup does not bring it back.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    what = models.CharField(max_length=8, choices=[("entry", "entry"), ("file", "file"), ("mailbox", "mailbox")])
    on = models.DateField()
