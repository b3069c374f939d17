import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('api', '0001_initial'),
        ('identity', '0001_initial'),
        ('intake', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='idempotentrequest',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.department'),
        ),
        migrations.AddField(
            model_name='idempotentrequest',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intake.submission'),
        ),
        migrations.AddConstraint(
            model_name='idempotentrequest',
            constraint=models.UniqueConstraint(fields=('department', 'key'), name='idempotency_key_once'),
        ),
    ]
