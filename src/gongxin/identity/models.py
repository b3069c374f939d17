"""Users, departments and API keys."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from gongxin.ids import uuid7


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


class Role(models.TextChoices):
    """What an account is for."""

    DATA_OFFICER = "data_officer", "信用信息报送员"
    CREDIT_OFFICE = "credit_office", "信用办工作人员"


class User(AbstractUser):
    """A staff account. Accounts of organisations and persons are not staff accounts."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    role = models.CharField(max_length=32, choices=Role.choices, default=Role.DATA_OFFICER)

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

    class Meta:
        ordering = ("-created_at",)
