from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The step whose form a draft was of, while there were drafts of three procedures only.
_ACTIONS = {"objection": "file"}


def _filled(apps: Any, schema_editor: Any) -> None:
    """What stood in columns of its own, by name of the form's field."""
    for draft in apps.get_model("rights", "Draft").objects.all():
        texts = {"reasons": draft.reasons, "ground": draft.ground, "committed": "True" if draft.committed else ""}
        for number, (name, text) in enumerate(draft.correction.items(), start=1):
            texts |= {f"field_{number}": name, f"text_{number}": text}
        draft.filled = {name: text for name, text in texts.items() if text}
        draft.action = _ACTIONS.get(draft.procedure, "apply")
        draft.save(update_fields=["filled", "action"])


class Migration(migrations.Migration):

    dependencies = [
        ("rights", "0003_draft_ground"),
        ("records", "0007_record_states"),
        ("subjects", "0003_grams_cost"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("registration", "paper", models.CharField(blank=True, default="", max_length=80), preserve_default=False),
        migrations.RemoveConstraint("draft", "draft_once"),
        migrations.AddField("draft", "action", models.CharField(default="", max_length=40), preserve_default=False),
        migrations.AddField("draft", "filled", models.JSONField(default=dict)),
        migrations.AlterField("draft", "record", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.record")),
        migrations.AddField("draft", "organisation", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.organisation")),
        migrations.AddField("draft", "case", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rights.case")),
        migrations.AddField("draft", "session", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rights.session")),
        # What a draft was is not taken apart again: going back leaves its columns empty.
        migrations.RunPython(_filled, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("draft", "reasons"),
        migrations.RemoveField("draft", "correction"),
        migrations.RemoveField("draft", "committed"),
        migrations.RemoveField("draft", "ground"),
        migrations.AddConstraint(
            "draft",
            models.UniqueConstraint(
                fields=["user", "procedure", "action", "record", "organisation", "case", "session"],
                nulls_distinct=False,
                name="draft_of_one_form",
            ),
        ),
        migrations.AddConstraint(
            "draft",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(record__isnull=False, organisation__isnull=True, case__isnull=True, session__isnull=True),
                    models.Q(record__isnull=True, organisation__isnull=False, case__isnull=True, session__isnull=True),
                    models.Q(record__isnull=True, organisation__isnull=True, case__isnull=False, session__isnull=True),
                    models.Q(record__isnull=True, organisation__isnull=True, case__isnull=True, session__isnull=False),
                    _connector="OR",
                ),
                name="draft_about_one",
            ),
        ),
    ]
