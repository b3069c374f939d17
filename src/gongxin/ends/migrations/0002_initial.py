import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('ends', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='destruction',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='destruction',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='overstay',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='found', to='ends.proofrun'),
        ),
        migrations.AddField(
            model_name='tombstone',
            name='destruction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ends.destruction'),
        ),
        migrations.AddConstraint(
            model_name='destruction',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('rule',), name='destruction_open_once'),
        ),
        migrations.AddConstraint(
            model_name='destruction',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='destruction_by_two'),
        ),
        migrations.AddConstraint(
            model_name='overstay',
            constraint=models.UniqueConstraint(fields=('run', 'exit', 'record_id'), name='overstay_once'),
        ),
        migrations.AddIndex(
            model_name='tombstone',
            index=models.Index(fields=['subject'], name='tombstone_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='tombstone',
            constraint=models.UniqueConstraint(fields=('destruction', 'subject'), name='tombstone_once'),
        ),
    ]
