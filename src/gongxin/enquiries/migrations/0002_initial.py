import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('enquiries', '0001_initial'),
        ('identity', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='look',
            name='department',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='identity.department'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(fields=['organisation_id', 'asked_at', 'id'], name='look_by_organisation'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(fields=['department', 'asked_at', 'id'], name='look_by_department'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(fields=['asked_by', 'asked_at', 'id'], name='look_by_account'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(fields=['asked_at', 'id'], name='look_by_time'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(condition=models.Q(('outcome', 'refused')), fields=['asked_at', 'id', 'department'], name='look_refused'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=models.Index(condition=models.Q(('batch_id__isnull', False)), fields=['batch_id'], name='look_by_batch'),
        ),
        migrations.AddIndex(
            model_name='look',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('others', []), _negated=True), fields=['others'], name='look_at_others'),
        ),
    ]
