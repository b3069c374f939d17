"""Organisations, their identifiers and their names. There is no natural person here, and no reference can reach one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func

from gongxin.ids import uuid7


class Kind(models.TextChoices):
    """Which of the three registers (or the sole traders) an organisation belongs to."""

    ENTERPRISE = "enterprise", "企业"
    INSTITUTION = "institution", "事业单位和政府机关"
    SOCIAL = "social", "社会组织和其他组织"
    SOLE_TRADER = "sole_trader", "个体工商户"


class NameGrams(Func):
    """The pairs of characters of a name key (SQL function of migration 0002; `subjects.grams` is its Python form)."""

    function = "gongxin_name_grams"


class Organisation(models.Model):
    """A recorded organisation (信用主体)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # 18 characters; null where the register gave none or a malformed one (then the raw value is a flagged Identifier).
    uscc = models.CharField(max_length=18, null=True, unique=True)  # noqa: DJ001  (unique + "no code" needs null)
    name = models.CharField(max_length=200)
    # Folded name without legal form, for matching and search (subjects.names.name_key).
    name_key = models.CharField(max_length=200)
    # First letters of the readings of the key's characters (subjects.names.pinyin_initials).
    pinyin = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=40, blank=True)
    type_name = models.CharField(max_length=100, blank=True)
    district = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300, blank=True)
    established_on = models.DateField(null=True)
    capital = models.CharField(max_length=60, blank=True)
    scope = models.TextField(blank=True)
    legal_representative = models.CharField(max_length=100, blank=True)
    # register: imported from a register; provider: first seen in a department's file (not in the register).
    origin = models.CharField(max_length=16, default="register")
    # Flag codes of the register row (subjects.register), e.g. ["uscc-check-digit"].
    flags = models.JSONField(default=list)
    registered_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        # Search stands on expression indexes: however an organisation was added, it can be found (docs/adr/0004).
        indexes: ClassVar = [
            GinIndex(NameGrams(F("name_key")), name="organisation_grams"),
            GinIndex(OpClass(F("pinyin"), name="gin_trgm_ops"), name="organisation_pinyin_part"),
            models.Index(fields=["pinyin"], name="organisation_pinyin", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["name_key"], name="organisation_name_key", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class Identifier(models.Model):
    """An identifier other than a valid USCC: registration number, organisation or tax code, or a raw malformed code."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=24)
    value = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "scheme", "value"], name="identifier_once")
        ]
        indexes: ClassVar = [models.Index(fields=["value"], name="identifier_value")]


class FormerName(models.Model):
    """A name the organisation had."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="former_names")
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200)
    until = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name", "until"], name="former_name_once")
        ]
        indexes: ClassVar = [GinIndex(NameGrams(F("name_key")), name="former_name_grams")]
