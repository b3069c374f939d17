from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enquiries", "0004_looks")]

    operations = [
        migrations.RemoveIndex("look", "look_refused"),
        migrations.AddIndex(
            "look",
            models.Index(
                condition=models.Q(("outcome", "refused")),
                fields=["asked_at", "id", "department"],
                name="look_refused",
            ),
        ),
    ]
