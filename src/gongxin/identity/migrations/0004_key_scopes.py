"""What a key is for, what it replaces, when it was last used. Keys there are keep what they could do."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models import deletion

_AS_BEFORE = """
UPDATE identity_apikey k SET operations = '["submit", "check", "read"]', purposes = d.purposes
FROM identity_department d WHERE d.id = k.department_id
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("identity", "0003_roles")]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField("apikey", "operations", models.JSONField(default=list)),
        migrations.AddField("apikey", "purposes", models.JSONField(default=list)),
        migrations.AddField("apikey", "last_used_on", models.DateField(null=True)),
        migrations.AddField(
            "apikey",
            "replaces",
            models.ForeignKey(
                null=True, on_delete=deletion.PROTECT, related_name="replaced_by", to="identity.apikey"
            ),
        ),
        migrations.RunSQL(_AS_BEFORE, migrations.RunSQL.noop),
    ]
