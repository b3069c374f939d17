"""Users, departments, API keys; whom a user represents, who stands in for whom, and what an organisation lends."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser
from django.db import models

from gongxin.identity.roles import STAFF

# PLC0414: by this spelling mypy lets others take the role from here, beside the model that has it.
from gongxin.identity.roles import Role as Role  # noqa: PLC0414
from gongxin.ids import uuid7

_ORGANISATION_CODE: Final = r"^[0-9A-HJ-NPQRTUWXY]{18}$"


class Department(models.Model):
    """A public body: provider of records (信息提供单位) and asker of credit checks."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200, unique=True)
    uscc = models.CharField(max_length=18, blank=True)
    # Catalogue items this department may hand in; empty means none.
    items = models.JSONField(default=list)
    # Purposes for which this department may run credit checks.
    purposes = models.JSONField(default=list)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """An account: of staff of a department, or of somebody from outside, who has no department.

    One account has one role. That the same human has no second account with an excluded role cannot be checked here.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    role = models.CharField(max_length=32, choices=Role.choices, default=Role.DATA_OFFICER)
    # Since when it is suspended; null while it is in use.
    suspended_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="account_role_known"),
            models.CheckConstraint(
                condition=models.Q(role__in=sorted(STAFF)) | models.Q(department__isnull=True),
                name="account_outside_no_department",
            ),
            # Django's superuser would stand above every rule of access; there is none.
            models.CheckConstraint(condition=models.Q(is_superuser=False, is_staff=False), name="account_no_superuser"),
        ]

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the account's. Nothing is written: nobody is known yet (`passwords.keep_up` does that)."""
        return check_password(raw_password, self.password)

    def display_name(self) -> str:
        """Name for pages and logs: the full name, else the account name."""
        return self.get_full_name() or self.username


class ApiKey(models.Model):
    """A department's key for the HTTP API. Only its SHA-256 is kept; the key is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    # Who issued and who revoked it: an account name, or the operator at the command line.
    issued_by = models.CharField(max_length=120, blank=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=120, blank=True)
    # What it is for: operations (`keys.OPERATIONS`) and purposes; of these, those its department still has count.
    operations = models.JSONField(default=list)
    purposes = models.JSONField(default=list)
    # The key that this one takes the place of.
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    # The civil day of its last use: no finer, so that using it writes once a day.
    last_used_on = models.DateField(null=True)

    class Meta:
        ordering = ("-created_at",)


class Representation(models.Model):
    """An organisation's representative account (信用主体代表), bound to its credit code by a named official.

    Rows are ended, never changed or deleted. The code is text: organisations stand above this layer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="representations")
    uscc = models.CharField(max_length=18, db_index=True)
    # On which papers the binding rests, e.g. the number of the letter of authority.
    ground = models.CharField(max_length=200)
    # Account names, or the operator at the command line.
    bound_by = models.CharField(max_length=150)
    bound_at = models.DateTimeField()
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-bound_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "uscc"], condition=models.Q(ended_at__isnull=True), name="representation_once"
            ),
            models.CheckConstraint(
                condition=models.Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"), name="representation_code_shape"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("bound_at")),
                name="representation_ends_later",
            ),
        ]


class Substitution(models.Model):
    """One account stands in for an absent one (代理), in that account's role and department, from day to day.

    role, department: the absent account's when appointed. A trigger refuses a role that excludes the substitute's own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    substitute = models.ForeignKey(User, on_delete=models.PROTECT, related_name="substitutions")
    role = models.CharField(max_length=32, choices=Role.choices)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    # Civil days in China, both included.
    starts_on = models.DateField()
    ends_on = models.DateField()
    appointed_by = models.CharField(max_length=150)
    appointed_at = models.DateTimeField()
    # Ended before its last day, or because a role changed.
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-starts_on", "-id")
        constraints = [
            models.CheckConstraint(condition=~models.Q(absent=models.F("substitute")), name="substitution_of_another"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="substitution_ends_later"
            ),
            models.CheckConstraint(condition=models.Q(role__in=sorted(STAFF)), name="substitution_of_staff"),
        ]


class Consent(models.Model):
    """An organisation's authorisation (授权查询): its own records of some items, for one purpose, until a day.

    Lent to one department, one other organisation, or to whoever holds a code, of which only the SHA-256 is kept. Rows
    are ended, never changed or deleted. No column can name a natural person: codes are those of organisations, accounts
    are kept by name.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # What people call it by; it opens nothing.
    number = models.CharField(max_length=24, unique=True)
    # Whose records.
    uscc = models.CharField(max_length=18, db_index=True)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, null=True, related_name="consents", db_index=False
    )
    borrower = models.CharField(max_length=18, blank=True)
    code_digest = models.CharField(max_length=64, blank=True)
    # Ids of catalogue items, and the code of the purpose.
    items = models.JSONField()
    purpose = models.CharField(max_length=40)
    lent_by = models.CharField(max_length=150)
    lent_at = models.DateTimeField()
    # Its last civil day in China.
    ends_on = models.DateField()
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-lent_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(department__isnull=False, borrower="", code_digest="")
                | models.Q(department__isnull=True, code_digest="", borrower__regex=_ORGANISATION_CODE)
                | models.Q(department__isnull=True, borrower="", code_digest__regex=r"^[0-9a-f]{64}$"),
                name="consent_to_one",
            ),
            models.CheckConstraint(condition=models.Q(uscc__regex=_ORGANISATION_CODE), name="consent_of_organisation"),
            models.CheckConstraint(condition=~models.Q(borrower=models.F("uscc")), name="consent_to_another"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("lent_at")),
                name="consent_ends_later",
            ),
            models.UniqueConstraint(
                fields=["code_digest"], condition=~models.Q(code_digest=""), name="consent_code_once"
            ),
        ]
        indexes = [
            models.Index(fields=["uscc", "department", "purpose"], name="consent_to_department"),
            models.Index(fields=["borrower"], condition=~models.Q(borrower=""), name="consent_to_borrower"),
        ]


class ProposalKind(models.TextChoices):
    """What takes two administrators: it makes an account, gives it other rights, or opens a way into it."""

    ACCOUNT = "account", "建立账号"
    ROLE = "role", "变更角色和单位"
    RESTORE = "restore", "恢复账号"
    PASSWORD = "password", "重置密码"
    FACTORS = "factors", "移除双重验证"


class ProposalState(models.TextChoices):
    """Where a proposal stands. One whose time is over may still say `proposed`: see `proposals.standing`."""

    PROPOSED = "proposed", "待批准"
    DONE = "done", "已批准"
    REJECTED = "rejected", "未予批准"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已过期"


class Proposal(models.Model):
    """A change of an account that one administrator proposes and another one approves (docs/adr/0030)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=ProposalKind.choices)
    # None for an account that is still to be made; its name then stands in `username`.
    account = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="proposals")
    username = models.CharField(max_length=150)
    # Of an account to be made, until it is settled whether it is.
    full_name = models.CharField(max_length=150, blank=True)
    # What it is to have, and what it had when this was proposed.
    role = models.CharField(max_length=32, choices=Role.choices, blank=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, related_name="+")
    old_role = models.CharField(max_length=32, choices=Role.choices, blank=True)
    old_department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    # From this instant on it can no longer be approved.
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=ProposalState.choices, default=ProposalState.PROPOSED)
    # Who approved, rejected or withdrew it.
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_reason = models.CharField(max_length=500, blank=True)
    # Of which instant the one-time code is, as the generator counts, and its SHA-256; the code itself is kept nowhere.
    code_stamp = models.BigIntegerField(null=True)
    code_digest = models.CharField(max_length=64, blank=True)
    # Who took its second half, and when; the first is shown to whoever approves.
    half_taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    half_taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["username", "kind"], condition=models.Q(state="proposed"), name="proposal_open_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["done", "rejected"])
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("proposed_by"))),
                name="proposal_by_two",
            ),
            models.CheckConstraint(
                condition=models.Q(half_taken_by__isnull=True)
                | (models.Q(state="done") & ~models.Q(half_taken_by=models.F("decided_by"))),
                name="proposal_halves_to_two",
            ),
            models.CheckConstraint(
                condition=models.Q(account__isnull=False) | models.Q(kind="account"), name="proposal_about_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account"], name="proposal_by_account"),
            models.Index(fields=["expires_at"], condition=models.Q(state="proposed"), name="proposal_waiting"),
        ]
